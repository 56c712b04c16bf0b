import type { AlertTrace } from '../../src/ledger/trace.ts';
import { isOnItsWay } from '../../src/ledger/trace.ts';
import { rest } from '../e2e/rest.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { call, launch, metrics, type SystemProcess } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import type { History } from './history.ts';
import { providerOf, type RecordingVendor, startRecordingVendor } from './recording-vendor.ts';
import type { Given } from './scenario.ts';
import { createTraffic, type Traffic } from './traffic.ts';

export interface SceneOptions {
  readonly dispatchers?: number;
  /** Of the whole route, whatever the severity. */
  readonly onUnknown?: 'resend' | 'hold';
  readonly concurrency?: number;
  /** Of one phone: texts, and within how many seconds. */
  readonly cap?: { readonly max: number; readonly perSeconds: number };
  readonly lock?: string;
  /** One call to a vendor. */
  readonly timeout?: string;
  readonly expiresAfter?: string;
  /** Where the first provider really is, when it is not our own vendor. */
  readonly firstUrl?: (vendor: RecordingVendor) => Promise<string>;
}

/** A system of processes with two vendors behind it and a Redis of its own. */
export interface Scene {
  readonly redis: RedisServer;
  /** The vendors in the order of the route. */
  readonly first: RecordingVendor;
  readonly second: RecordingVendor;
  readonly door: SystemProcess;
  /** `undefined` while one is being replaced. */
  readonly dispatchers: (SystemProcess | undefined)[];
  /** Between each dispatcher and Redis. */
  readonly proxies: readonly TcpProxy[];
  readonly traffic: Traffic;
  /** Ends a dispatcher and starts another in its place. */
  replace(index: number, signal: NodeJS.Signals): Promise<number | null>;
  /** Both vendors' hits, as they came. */
  hits(): History['hits'];
  inFlight(): Promise<number | undefined>;
  /** Waits until nothing moves any more, and tells everything that was seen. */
  conclude(options?: { readonly deadlineMs?: number; readonly mayWaitFor?: readonly string[] }): Promise<History>;
}

const AT_ONCE = 32;

export async function openScene({ onEnd, inOne = false }: Given, options: SceneOptions = {}): Promise<Scene> {
  const { onUnknown, concurrency = 20, cap, lock = '5s', timeout = '1s', expiresAfter = '1h' } = options;
  const count = inOne ? 1 : (options.dispatchers ?? 1);
  const redis = await startRedisServer();
  onEnd(() => redis.stop());
  const [first, second] = await Promise.all([startRecordingVendor('first'), startRecordingVendor('second')]);
  onEnd(() => Promise.all([first.close(), second.close()]));
  const proxies = await Promise.all(Array.from({ length: count }, () => startTcpProxy(redis.port)));
  onEnd(() => Promise.all(proxies.map((proxy) => proxy.close())));

  const config = `
providers:
${providerOf('first', (await options.firstUrl?.(first)) ?? first.url, timeout)}
${providerOf('second', second.url, timeout)}
routes:
  - { name: default, minSeverity: info, dedupeFor: 0, expiresAfter: ${expiresAfter}, overflow: defer, providers: [first, second]${onUnknown === undefined ? '' : `, onUnknown: ${onUnknown}`} }
caps: { perRecipient: ${cap === undefined ? 'off' : `[{ max: ${cap.max}, per: ${cap.perSeconds}s }]`}, perHour: off }
worker: { concurrency: ${concurrency}, lock: ${lock} }
shutdown: { grace: 10s }
`;
  const all: SystemProcess[] = [];
  let killed = false;
  const start = async (kind: 'start' | 'receiver' | 'router' | 'dispatcher', redisUrl: string) => {
    const process = await launch({ kind, config, redisUrl, onEnd });
    all.push(process);
    return process;
  };
  const startDispatcher = (index: number) =>
    start(inOne ? 'start' : 'dispatcher', `redis://127.0.0.1:${(proxies[index] as TcpProxy).port}`);
  const [helpers, started] = await Promise.all([
    Promise.all(inOne ? [] : [start('receiver', redis.url), start('router', redis.url)]),
    Promise.all(proxies.map((_, index) => startDispatcher(index))),
  ]);
  const door = (helpers[0] ?? started[0]) as SystemProcess;
  const dispatchers: (SystemProcess | undefined)[] = started;
  const traffic = createTraffic(() => door.url);
  onEnd(async () => traffic.halt());
  const hits = () => [...first.hits, ...second.hits].sort((a, b) => a.atMs - b.atMs);

  return {
    redis,
    first,
    second,
    door,
    dispatchers,
    proxies,
    traffic,
    hits,
    async replace(index, signal) {
      const victim = dispatchers[index];
      dispatchers[index] = undefined;
      // Its counters go with it, also when it ends in peace.
      killed = true;
      victim?.kill(signal);
      const code = (await victim?.exit()) ?? null;
      dispatchers[index] = await startDispatcher(index);
      return code;
    },
    inFlight: async () => (await metrics(door.url)).get('sms_messages_in_flight'),
    async conclude({ deadlineMs = 90_000, mayWaitFor = [] } = {}) {
      const traces = await settledTraces(
        door.url,
        traffic.raised.map(({ alertId }) => alertId),
        mayWaitFor,
        deadlineMs,
      );
      const waiting = [...traces.values()].flatMap(({ messages }) => messages).filter(({ state }) => isOnItsWay(state)).length;
      // A second send would come from a job that is still there.
      const restless = await rest(door.url, { deferred: waiting, deadlineMs: 45_000 }).then(
        () => undefined,
        (error: Error) => error.message,
      );
      const alive = [...helpers, ...dispatchers.filter((one) => one !== undefined)];
      const scrapes = await Promise.all(alive.map(({ url }) => metrics(url)));
      return {
        raised: traffic.raised,
        hits: hits(),
        traces,
        restless,
        scrapes,
        countersLost: killed,
        said: [
          ...all.map((process) => process.output()),
          ...scrapes.map((scrape) => [...scrape.keys()].join('\n')),
          JSON.stringify([...traces]),
        ],
        caps: cap === undefined ? [] : [{ max: cap.max, perMs: cap.perSeconds * 1000 }],
        mayWaitFor,
      };
    },
  };
}

/** The traces once all of them have come to their ends; those that have not by the deadline are given as they are. */
async function settledTraces(
  door: string,
  ids: readonly string[],
  mayWaitFor: readonly string[],
  deadlineMs: number,
): Promise<ReadonlyMap<string, AlertTrace>> {
  const traces = new Map<string, AlertTrace>();
  const isOver = (id: string) => {
    const trace = traces.get(id);
    if (trace === undefined || trace.outcome === 'pending') return false;
    return trace.messages.every(({ state, reason }) => !isOnItsWay(state) || (state === 'deferred' && mayWaitFor.includes(reason ?? '')));
  };
  let open = [...ids];
  const look = async () => {
    for (let from = 0; from < open.length; from += AT_ONCE) {
      await Promise.all(
        open.slice(from, from + AT_ONCE).map(async (id) => {
          const { status, body } = await call<AlertTrace>(`${door}/v1/alerts/${id}`);
          if (status === 200) traces.set(id, body);
        }),
      );
    }
    open = open.filter((id) => !isOver(id));
    return open.length === 0;
  };
  // What is still open then is the history's to judge.
  await until(look, deadlineMs, 250).catch(() => undefined);
  return traces;
}
