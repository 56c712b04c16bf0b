import type { Redis } from 'ioredis';

/** What a scenario process is given, and what it prints as JSON on its last line. */
export interface Task {
  readonly scenario: string;
  readonly redisUrl: string;
  /** Of its own, so that scenarios do not see each other's keys. */
  readonly prefix: string;
  readonly count: number;
  readonly vendorUrl: string;
}

export interface Figures {
  /** Per second, from the first one handed in to the last one done. */
  readonly rate?: number;
  /** Scripts and single commands that Redis ran for one, those inside scripts included. */
  readonly commandsEach?: number;
  readonly scriptsEach?: number;
  /** Bytes in and out of Redis for one. */
  readonly networkBytesEach?: number;
  /** What stays in Redis for one afterwards. */
  readonly memoryBytesEach?: number;
  /** Of the scenario process at its end. */
  readonly rssMb?: number;
  readonly cpuMicrosEach?: number;
  /** CPU of the Redis server for one. */
  readonly redisMicrosEach?: number;
  /** CPU of all processes that serve, Redis included and the client left out, for one. */
  readonly serverMicrosEach?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** See `secondsUntilSteady`. */
  readonly steadySeconds?: number;
}

export const ACCOUNT = { accountSid: `AC${'b'.repeat(32)}`, authToken: 'bench-token', from: '+15005550006' } as const;

export const TEXT = 'Database unreachable: connection refused by db-1 on port 5432 since 03:00 UTC';

/** None ends like the numbers that make the simulated provider misbehave. */
export function phone(index: number): string {
  return `+6011${String(10_000_009 + index * 10)}`;
}

interface Meter {
  stop(count: number): Promise<Figures>;
}

/** Starts to count what Redis and this process do. */
export async function meter(redis: Redis): Promise<Meter> {
  const before = await snapshot(redis);
  const cpu = process.cpuUsage();
  const started = performance.now();
  return {
    async stop(count) {
      const seconds = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const after = await snapshot(redis);
      const each = (name: keyof typeof after) => (after[name] - before[name]) / count;
      return {
        rate: count / seconds,
        commandsEach: each('commands'),
        scriptsEach: each('scripts'),
        networkBytesEach: each('network'),
        memoryBytesEach: each('memory'),
        rssMb: process.memoryUsage().rss / 2 ** 20,
        cpuMicrosEach: (user + system) / count,
        redisMicrosEach: each('cpuSeconds') * 1e6,
      };
    },
  };
}

async function snapshot(redis: Redis) {
  const info = await redis.info('everything');
  const number = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    commands: number('total_commands_processed'),
    scripts: Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(info)?.[1] ?? 0),
    network: number('total_net_input_bytes') + number('total_net_output_bytes'),
    memory: number('used_memory'),
    cpuSeconds: number('used_cpu_user') + number('used_cpu_sys'),
  };
}

/** Of unsorted ms. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
