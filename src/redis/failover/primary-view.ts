/** The state of a group as reported by a Sentinel or a Redis Cluster node. Addresses are `host:port`. */
export interface Answer {
  readonly from: string;
  /** Servers that accept writes. */
  readonly primaries: ReadonlySet<string>;
}

/**
 * Whether most other members no longer report `address` as a primary. A server's report about itself does not count: one that
 * was frozen during a failover still reports that it is the primary.
 */
export function isDemoted(address: string, answers: readonly Answer[]): boolean {
  const others = answers.filter(({ from }) => from !== address);
  return others.filter(({ primaries }) => !primaries.has(address)).length * 2 > others.length;
}

/** The addresses in a reply of `CLUSTER SLOTS` from the node at `host`: https://redis.io/docs/latest/commands/cluster-slots/ */
export function readSlots(
  reply: unknown,
  host: string,
): { readonly primaries: ReadonlySet<string>; readonly servers: ReadonlySet<string> } {
  const primaries = new Set<string>();
  const servers = new Set<string>();
  for (const [, , ...nodes] of Array.isArray(reply) ? (reply as unknown[][]) : []) {
    for (const [index, node] of nodes.entries()) {
      const [name, port] = Array.isArray(node) ? (node as [unknown, unknown]) : [];
      if (port === undefined) continue;
      // A node that does not know its own name omits it; `?` stands for an unknown name.
      const address = `${name ? String(name) : host}:${String(port)}`;
      if (name === '?') continue;
      servers.add(address);
      if (index === 0) primaries.add(address);
    }
  }
  return { primaries, servers };
}
