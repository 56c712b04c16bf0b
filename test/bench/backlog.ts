import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { launch, metrics, post } from '../support/system.ts';
import { useTempRoot } from '../support/temp-root.ts';
import { until } from '../support/until.ts';
import { type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { percentile, phone, TEXT } from './scenario.ts';

const PHONES_EACH = 1_000;
const MINUTE_MS = 60_000;
const PATIENCE_MS = 1_800_000;
/** A script of Redis, or a turn of the event loop, that takes longer is in the way of others. */
const SLOW_SCRIPT_MICROS = 10_000;

/** How long fresh criticals took from their POST until their request was in at the vendor, in one part of a scenario. */
interface Part {
  readonly name: string;
  readonly tookMs: readonly number[];
  /** What the main thread of the process spent meanwhile, of each: the same on a busy machine. */
  readonly cpuMs: readonly number[];
  /** Longest turn of the process' event loop between two scrapes, and the longest command of Redis. */
  readonly longestTurnMs: number;
  readonly longestScriptMs: number;
  /** Texts of the backlog that went out meanwhile, a second. */
  readonly drained: number;
}

interface Backlog {
  readonly busy: string;
  /** Keys of the route of the backlog. */
  readonly route?: string;
}

/** A system of one process with a backlog of so many texts behind one provider, and a healthy provider for criticals. */
async function openSystem(count: number, { busy, route = '' }: Backlog, reply: () => Reply, onEnd: (end: () => Promise<unknown>) => void) {
  const redis = await startRedisServer();
  onEnd(() => redis.stop());
  let sent = 0;
  const backlog = await startHttpVendor(() => {
    const said = reply();
    if (typeof said !== 'string' && said.body.includes('id')) sent += 1;
    return said;
  });
  onEnd(() => backlog.close());
  const arrived = new Map<string, number>();
  const healthy = await startHttpVendor(({ body }) => {
    arrived.set((JSON.parse(body) as { to: string }).to, performance.now());
    return { status: 200, body: '{"id":"v-1"}' };
  });
  onEnd(() => healthy.close());
  const provider = (url: string, more = '') =>
    `{ type: http, url: "${url}/send", messageId: /id, body: { to: "{to}", text: "{text}" }, errors: { pointer: /error, map: { down: unavailable } }${more} }`;
  const system = await launch({
    redisUrl: redis.url,
    onEnd,
    config: `
providers: { busy: ${provider(backlog.url, busy)}, healthy: ${provider(healthy.url)} }
routes:
  - { name: urgent, match: { severity: critical }, providers: [healthy] }
  - { name: default, minSeverity: info, dedupeFor: 0, expiresAfter: 1d, overflow: defer, providers: [busy]${route} }
caps: { perRecipient: [], perHour: off }
`,
  });
  const client = new Redis(redis.url);
  onEnd(async () => client.disconnect());
  await client.config('SET', 'slowlog-log-slower-than', SLOW_SCRIPT_MICROS);
  const producer = createProducer({ redis: redis.url });
  onEnd(() => producer.close());
  let index = 0;
  const delayed = () => client.zcard('{sms}:sms-messages:delayed');

  return {
    sent: () => sent,
    /** The backlog, until it waits for its moment, but for the few that try a provider that rests. */
    async fill(): Promise<void> {
      for (; index < count; ) {
        const to = Array.from({ length: Math.min(PHONES_EACH, count - index) }, () => phone(index++));
        await producer.enqueue({ to, severity: 'info', text: `${TEXT} ${index}` });
      }
      await until(async () => (await delayed()) + sent >= 0.98 * count, PATIENCE_MS, 500);
    },
    /** One critical a second for so long. */
    async watch(name: string, seconds: number): Promise<Part> {
      await client.call('SLOWLOG', 'RESET');
      await metrics(system.url);
      const [startedAt, sentBefore] = [performance.now(), sent];
      const tookMs: number[] = [];
      const cpuMs: number[] = [];
      let longestTurnMs = 0;
      for (let second = 0; second < seconds; second += 1) {
        await pause(Math.max(0, startedAt + second * 1_000 - performance.now()));
        const to = phone(index++);
        const [postedAt, spentBefore] = [performance.now(), spentMs(system.child.pid)];
        await post(system.url, { to, severity: 'critical', text: `${TEXT} ${index}` });
        const at = await until(() => arrived.get(to), 60_000, 2);
        tookMs.push(at - postedAt);
        cpuMs.push(spentMs(system.child.pid) - spentBefore);
        const lag = (await metrics(system.url)).get('nodejs_eventloop_lag_max_seconds') ?? Number.NaN;
        longestTurnMs = Math.max(longestTurnMs, lag * 1_000);
      }
      const slow = (await client.call('SLOWLOG', 'GET', '128')) as [number, number, number, ...unknown[]][];
      const spentSeconds = (performance.now() - startedAt) / 1_000;
      return {
        name,
        tookMs,
        cpuMs,
        longestTurnMs,
        longestScriptMs: Math.max(0, ...slow.map(([, , micros]) => micros)) / 1_000,
        drained: (sent - sentBefore) / spentSeconds,
      };
    },
  };
}

/** CPU time of the main thread, by Linux; else `NaN`. */
function spentMs(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

type Scenario = (count: number, onEnd: (end: () => Promise<unknown>) => void) => Promise<Part[]>;
const taken = (): Reply => ({ status: 200, body: '{"id":"v-1"}' });

/** All wait for one provider, which is down, and comes back. */
const resting: Scenario = async (count, onEnd) => {
  let down = true;
  const system = await openSystem(count, { busy: '' }, () => (down ? { status: 200, body: '{"error":"down"}' } : taken()), onEnd);
  const before = await system.watch('nothing waits', 10);
  await system.fill();
  const during = await system.watch('the provider rests', 15);
  down = false;
  await until(() => system.sent() > 0, 240_000);
  return [before, during, await system.watch('it is back', 30)];
};

/** All wait for the end of quiet hours, and are due at the same moment. */
const morning: Scenario = async (count, onEnd) => {
  const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
  // Filling takes its time: more on a busy machine.
  const dueAt = Math.ceil((Date.now() + MINUTE_MS + count * 20) / MINUTE_MS) * MINUTE_MS;
  const quietHours = `, quietHours: { from: "${clock(dueAt - 600 * MINUTE_MS)}", to: "${clock(dueAt)}", timeZone: UTC }`;
  const system = await openSystem(count, { busy: '', route: quietHours }, taken, onEnd);
  await system.fill();
  if (system.sent() > 0) throw new Error(`${system.sent()} were sent before the quiet hours ended: the machine is too slow for ${count}`);
  const during = await system.watch('quiet hours', 10);
  await pause(Math.max(0, dueAt - 2_000 - Date.now()));
  return [during, await system.watch('they end', 30)];
};

/** All wait for a provider that asks to be left alone, again and again. */
const throttled: Scenario = async (count, onEnd) => {
  const system = await openSystem(count, { busy: '' }, () => ({ status: 429, headers: { 'retry-after': '3' }, body: '{}' }), onEnd);
  await system.fill();
  return [await system.watch('the provider throttles', 30)];
};

const SCENARIOS: Readonly<Record<string, Scenario>> = { resting, morning, throttled };

/** The promise: at its vendor within a second, on a machine with nothing else to do. */
export async function measureBacklogs(count: number, only: readonly string[]): Promise<void> {
  const removeTemp = useTempRoot('sms-bench');
  const row = (cells: readonly string[]) => cells.map((cell, at) => (at === 0 ? cell.padEnd(36) : cell.padStart(14))).join('');
  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`A fresh critical of a healthy route each second beside ${count} waiting texts: ms until its request is in at the vendor`);
  say(row(['', 'p50', 'worst', 'beyond 1 s', 'CPU p50', 'CPU worst', 'longest turn', 'longest script', 'drained/s']));
  try {
    for (const [name, run] of Object.entries(SCENARIOS)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const ends: (() => Promise<unknown>)[] = [];
      try {
        for (const part of await run(count, (end) => void ends.push(end))) {
          const late = part.tookMs.filter((ms) => ms > 1_000).length;
          const figures = [
            percentile(part.tookMs, 0.5),
            Math.max(...part.tookMs),
            late,
            percentile(part.cpuMs, 0.5),
            Math.max(...part.cpuMs),
            part.longestTurnMs,
            part.longestScriptMs,
            part.drained,
          ];
          say(row([`${name}: ${part.name}`, ...figures.map((figure) => figure.toFixed(0))]));
        }
      } finally {
        for (const end of ends.reverse()) await end();
      }
    }
  } finally {
    removeTemp();
  }
}
