import { isInFlight } from '../../src/ledger/history/history.ts';
import { parseDuration } from '../../src/setting/parse-duration.ts';
import { rest } from '../e2e/rest.ts';
import { type BlockablePipe, createBlockablePipe } from '../support/blockable-pipe.ts';
import { createMovedClock, type MovedClock } from '../support/faketime.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { launch, metrics, type SystemProcess } from '../support/system.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { createFaultRecorder, type Fault, type FaultRecorder, observedNow } from './faults.ts';
import type { History } from './history.ts';
import { PROCESS_NAME, providerOf, type RecordingVendor, startRecordingVendor } from './recording-vendor.ts';
import type { Given } from './scenario.ts';
import { settledHistories } from './settled-histories.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { watchClocks } from './watch-clocks.ts';

export interface SceneOptions {
  readonly dispatchers?: number;
  /** Of the whole route, whatever the severity. */
  readonly onUnknown?: 'resend' | 'hold';
  readonly concurrency?: number;
  /** Of one phone: texts, and within how many seconds. */
  readonly cap?: { readonly max: number; readonly perSeconds: number };
  readonly lock?: string;
  /** Of one call to a vendor: long, so that a busy machine makes no doubt by itself. */
  readonly timeout?: string;
  readonly expiresAfter?: string;
  /** Routes before the default one, a line of YAML each. */
  readonly routes?: readonly string[];
  /** Each process has a wall clock that can be stepped. */
  readonly movedClocks?: boolean;
  /** Redis has one. */
  readonly movedRedisClock?: boolean;
  /** The reader of each dispatcher's stdout can stop reading. */
  readonly blockableLogs?: boolean;
  /** Settings of Redis. */
  readonly redisArgs?: readonly string[];
  /** Environment of each process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Heap of each process, in MB. */
  readonly heapMb?: number;
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
  readonly router: SystemProcess;
  /** `undefined` while one is being replaced. */
  readonly dispatchers: (SystemProcess | undefined)[];
  /** Between each dispatcher and Redis. */
  readonly proxies: readonly TcpProxy[];
  readonly traffic: Traffic;
  readonly faults: FaultRecorder;
  /** The clock of each process, by its name, where they can be moved. */
  readonly clocks: ReadonlyMap<string, MovedClock>;
  readonly redisClock: MovedClock | undefined;
  /** Stdout of each dispatcher, where its reader can stop. */
  readonly logs: readonly (BlockablePipe | undefined)[];
  /** By name; `undefined` while it is being replaced. Where one process does it all, it has every name. */
  processOf(name: string): SystemProcess | undefined;
  /** Name by which the vendors know a dispatcher. */
  nameOf(index: number): string;
  /** Requests of a dispatcher that have no whole answer yet. */
  openCalls(index: number): number;
  /** Times since a moment at which Redis did not answer us. */
  redisUnanswered(fromMs: number): number;
  /** Tells the history that Redis' data was deleted just now. */
  erased(): void;
  /** Kills a dispatcher; `fault` says what that meets when it is no open call. */
  kill(index: number, fault?: Pick<Fault, 'what' | 'effect'>): void;
  /** Starts another dispatcher in the place of one that was killed, or that ends on this signal. */
  replace(index: number, signal: NodeJS.Signals): Promise<number | null>;
  /** Both vendors' hits, as they came. */
  hits(): History['hits'];
  inFlight(): Promise<number | undefined>;
  /** Waits until nothing moves any more, and tells everything that was seen. */
  conclude(options?: { readonly deadlineMs?: number; readonly mayWaitFor?: readonly string[] }): Promise<History>;
}

export async function openScene({ onEnd, inOne = false }: Given, options: SceneOptions = {}): Promise<Scene> {
  const { onUnknown, concurrency = 20, cap, lock = '5s', timeout = '5s', expiresAfter = '1h' } = options;
  const count = inOne ? 1 : (options.dispatchers ?? 1);
  const redisClock = options.movedRedisClock === true ? await createMovedClock() : undefined;
  const redis = await startRedisServer(options.redisArgs, redisClock?.env);
  onEnd(() => redis.stop());
  const [first, second] = await Promise.all([startRecordingVendor('first'), startRecordingVendor('second')]);
  onEnd(() => Promise.all([first.close(), second.close()]));
  const faults = createFaultRecorder();
  const clockWatch = watchClocks(redis.url);
  onEnd(() => clockWatch.stop());
  const nameOf = (index: number) => `dispatcher-${index}`;
  const names = [...(inOne ? [] : ['receiver', 'router']), ...Array.from({ length: count }, (_, index) => nameOf(index))];
  const clocks = new Map<string, MovedClock>();
  if (options.movedClocks === true) for (const name of names) clocks.set(name, await createMovedClock());
  onEnd(() => Promise.all([redisClock, ...clocks.values()].map((clock) => clock?.close())));
  const proxies = await Promise.all(Array.from({ length: count }, () => startTcpProxy(redis.port)));
  onEnd(() => Promise.all(proxies.map((proxy) => proxy.close())));

  const config = `
providers:
${providerOf('first', (await options.firstUrl?.(first)) ?? first.url, timeout)}
${providerOf('second', second.url, timeout)}
routes:
${(options.routes ?? []).map((route) => `  - ${route}`).join('\n')}
  - { name: default, minSeverity: info, dedupeFor: 0, expiresAfter: ${expiresAfter}, overflow: defer, providers: [first, second]${onUnknown === undefined ? '' : `, onUnknown: ${onUnknown}`} }
caps: { perRecipient: ${cap === undefined ? 'off' : `[{ max: ${cap.max}, per: ${cap.perSeconds}s }]`}, perHour: off }
worker: { concurrency: ${concurrency}, lock: ${lock} }
shutdown: { grace: 10s }
`;
  const all: SystemProcess[] = [];
  let killed = false;
  let erasedAtMs: number | undefined;
  const logs: (BlockablePipe | undefined)[] = [];
  const heap = options.heapMb === undefined ? {} : { NODE_OPTIONS: `--max-old-space-size=${options.heapMb}` };
  const start = async (kind: 'start' | 'receiver' | 'router' | 'dispatcher', name: string, redisUrl: string, stdout?: BlockablePipe) => {
    const env = { ...options.env, ...heap, ...clocks.get(name)?.env, [PROCESS_NAME]: name };
    const process = await launch({ kind, config, redisUrl, env, stdout, onEnd });
    all.push(process);
    return process;
  };
  const startDispatcher = async (index: number) => {
    logs[index] = options.blockableLogs === true ? await createBlockablePipe() : undefined;
    const redisUrl = `redis://127.0.0.1:${(proxies[index] as TcpProxy).port}`;
    return start(inOne ? 'start' : 'dispatcher', nameOf(index), redisUrl, logs[index]);
  };
  const [helpers, started] = await Promise.all([
    Promise.all(inOne ? [] : [start('receiver', 'receiver', redis.url), start('router', 'router', redis.url)]),
    Promise.all(proxies.map((_, index) => startDispatcher(index))),
  ]);
  const door = (helpers[0] ?? started[0]) as SystemProcess;
  const router = (helpers[1] ?? started[0]) as SystemProcess;
  const openCalls = (index: number) => first.openCalls(nameOf(index)) + second.openCalls(nameOf(index));
  const dispatchers: (SystemProcess | undefined)[] = started;
  const traffic = createTraffic(() => door.url);
  onEnd(async () => traffic.halt());
  const hits = () => [...first.hits, ...second.hits].sort((a, b) => a.atMs - b.atMs);

  const ending = new Set<SystemProcess>();
  const kill: Scene['kill'] = (index, { what, effect } = { what: 'a dispatcher killed with calls open', effect: openCalls(index) }) => {
    const victim = dispatchers[index] as SystemProcess;
    ending.add(victim);
    const ended = faults.start(what, nameOf(index));
    victim.kill('SIGKILL');
    ended(effect);
  };

  return {
    redis,
    first,
    second,
    door,
    router,
    dispatchers,
    proxies,
    traffic,
    faults,
    clocks,
    redisClock,
    logs,
    nameOf,
    processOf: (name) =>
      dispatchers[names.indexOf(name) - (inOne ? 0 : 2)] ?? (name === 'receiver' ? door : name === 'router' ? router : undefined),
    openCalls,
    redisUnanswered: (fromMs) => clockWatch.unanswered(fromMs),
    erased: () => {
      erasedAtMs = observedNow();
    },
    hits,
    kill,
    async replace(index, signal) {
      const victim = dispatchers[index];
      if (victim !== undefined && !ending.has(victim)) {
        if (signal === 'SIGKILL') kill(index);
        else {
          ending.add(victim);
          victim.kill(signal);
        }
      }
      // Its counters go with it, also when it drains first.
      killed = true;
      dispatchers[index] = undefined;
      const code = (await victim?.exit()) ?? null;
      if (signal !== 'SIGKILL') faults.record(`a dispatcher ended by ${signal}`, victim === undefined ? 0 : 1);
      dispatchers[index] = await startDispatcher(index);
      return code;
    },
    inFlight: async () => (await metrics(door.url)).get('sms_messages_in_flight'),
    async conclude({ deadlineMs = 90_000, mayWaitFor = [] } = {}) {
      const histories = await settledHistories(
        door.url,
        traffic.raised.map(({ alertId }) => alertId),
        mayWaitFor,
        deadlineMs,
      );
      const waiting = [...histories.values()].flatMap(({ messages }) => messages).filter(({ state }) => isInFlight(state)).length;
      // A second send would come from a job that is still there.
      const restless = await rest(door.url, { deferred: waiting, deadlineMs: 45_000 }).then(
        () => undefined,
        (error: Error) => error.message,
      );
      const alive = [...helpers, ...dispatchers.filter((one) => one !== undefined)].filter((one) => !hasEnded(one));
      const scrapes = await Promise.all(alive.map(({ url }) => metrics(url)));
      return {
        raised: traffic.raised,
        hits: hits(),
        histories,
        restless,
        scrapes,
        countersLost: killed,
        crashed: all
          .filter((one) => !ending.has(one) && hasEnded(one))
          .map(({ child }) => `${child.spawnargs.at(-1)} (${child.signalCode ?? child.exitCode})`),
        said: [
          ...all.map((process) => process.output()),
          ...scrapes.map((scrape) => [...scrape.keys()].join('\n')),
          JSON.stringify([...histories]),
        ],
        caps: cap === undefined ? [] : [{ max: cap.max, perMs: cap.perSeconds * 1000 }],
        mayWaitFor,
        expiresAfterMs: parseDuration(expiresAfter) as number,
        callTimeoutMs: parseDuration(timeout) as number,
        faults: faults.faults,
        clock: { samples: clockWatch.samples, redisStepped: redisClock !== undefined },
        ...(erasedAtMs === undefined ? {} : { erasedAtMs }),
      };
    },
  };
}

function hasEnded({ child }: SystemProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
