/** What a Sentinel, or a node of a Redis Cluster, says about the group that it belongs to. Addresses are `host:port`. */
export interface Answer {
  readonly from: string;
  /** Servers that take writes. */
  readonly primaries: ReadonlySet<string>;
}

/**
 * Whether most of the others no longer name `address` as a primary. What a server says about itself does not count: one that
 * was frozen during a failover still believes that it is the primary.
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
      // A node that does not know its own name leaves it out; `?` is one whose name is not known.
      const address = `${name ? String(name) : host}:${String(port)}`;
      if (name === '?') continue;
      servers.add(address);
      if (index === 0) primaries.add(address);
    }
  }
  return { primaries, servers };
}
