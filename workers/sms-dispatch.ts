#!/usr/bin/env node
import type { ProcessKind, ProcessOptions } from '../src/cli/cli-deps.ts';
import { runCli } from '../src/cli/run-cli.ts';
import { mayColour } from '../src/cli/terminal/printable-text.ts';
import { openTerminalScreen } from '../src/cli/terminal/terminal-screen.ts';
import { type Clock, systemClock } from '../src/clock.ts';
import type { Config } from '../src/config/config.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { readableConfig } from '../src/config/readable-config.ts';
import { locateRedis } from '../src/embedded/find-redis.ts';
import { createHistories } from '../src/ledger/history/redis-histories.ts';
import { createInboundLog } from '../src/ledger/inbound/kept-inbound.ts';
import { createJournal, recentIds } from '../src/ledger/journal/journal.ts';
import { createOptOuts } from '../src/ledger/opt-out/opt-outs.ts';
import { createBudgets } from '../src/limit/budget/budget.ts';
import { directoryOf } from '../src/pipeline/routing/directory.ts';
import { QUEUES } from '../src/queue/names.ts';
import { createProducer } from '../src/queue/producer/producer.ts';
import { clockOf, keepTime } from '../src/redis/clock/redis-clock.ts';
import { connectRedis, redactUrl } from '../src/redis/connect.ts';
import { requireDatabaseOf } from '../src/redis/fitness/check.ts';
import { inspectRedis } from '../src/redis/fitness/inspect.ts';
import { createKeys } from '../src/redis/keys.ts';
import { readEnvironment } from '../src/setting/environment.ts';
import { version } from '../src/version.ts';
import { askAtTerminal } from './ask-at-terminal.ts';
import { DATA_DIR } from './data-dir.ts';
import { exitOnSignal } from './interrupt.ts';
import { nextSignal } from './signals.ts';

const env = readEnvironment();

/** The Redis that a running `start` uses: the configured one, the one of this machine, or the embedded one. */
const locate = (config: Config): Promise<string> => locateRedis({ url: config.redis.url?.reveal(), dataDir: DATA_DIR });

/** URL of that Redis after checking its database number; every command that reads or writes connects with it. */
async function redisUrlOf(config: Config): Promise<string> {
  const url = await locate(config);
  await requireDatabaseOf(url);
  return url;
}

/** The clock of Redis once a command has connected to it, the system clock before. */
let clock: Clock = systemClock;
const now = () => clock.now();

/** Opens a connection with a synchronised Redis clock. */
async function openRedis(config: Config) {
  const redis = connectRedis(await redisUrlOf(config), 'interactive');
  const time = keepTime(redis, createKeys(config.redis.prefix));
  await time.known();
  clock = time;
  const close = async () => {
    time.close();
    redis.disconnect();
  };
  return { redis, close };
}

const PROCESSES: Readonly<Record<ProcessKind, () => Promise<{ run(options: ProcessOptions): Promise<number> }>>> = {
  start: () => import('./start.ts'),
  worker: () => import('./worker.ts'),
  router: () => import('./router.ts'),
  dispatcher: () => import('./dispatcher.ts'),
  receiver: () => import('./receiver.ts'),
};

// The reader of a pipe may have exited, as `head` does. Its output is lost then; the work and its exit code are not.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** Number of recent journal entries that are searched for an id similar to a mistyped one. */
const RECENT_ENTRIES = 500;

const finishFirst = exitOnSignal((line) => process.stderr.write(line));

function openScreenHere() {
  finishFirst();
  const screen = openTerminalScreen({ input: process.stdin, output: process.stdout, ended: nextSignal() });
  // Restores the terminal however the process ends, a bug included.
  process.on('exit', screen.close);
  return screen;
}

const exitCode = await runCli(process.argv.slice(2), {
  loadConfig: async (path) => loadConfig({ path, env }),
  readableConfig: (error, path) => readableConfig(error, { path, env }),
  openProducer: async (config) => {
    const { redis, close } = await openRedis(config);
    const producer = createProducer({ redis, prefix: config.redis.prefix, directory: directoryOf(config, clockOf(redis)) });
    return { ...producer, close: () => producer.close().then(close) };
  },
  openHistories: async (config) => {
    const { redis, close } = await openRedis(config);
    const keys = createKeys(config.redis.prefix);
    return {
      ...createHistories(redis, keys),
      waiting: async (id) => (await import('../src/queue/jobs/find-waiting.ts')).findWaiting(redis, config.redis.prefix, id),
      recentIds: () => recentIds(createJournal(redis, keys), RECENT_ENTRIES),
      close,
    };
  },
  openEpisodes: async (config) => {
    const { createEpisodes } = await import('../src/queue/producer/episodes.ts');
    return createEpisodes({ redis: await redisUrlOf(config), prefix: config.redis.prefix });
  },
  openDeadLetters: async (config) => {
    const { createDeadLetters } = await import('../src/queue/dead-letters/dead-letters.ts');
    const { redis, close } = await openRedis(config);
    const dead = createDeadLetters({ redis, prefix: config.redis.prefix, clock: clockOf(redis) });
    return { ...dead, close: () => dead.close().then(close) };
  },
  openUnknownResolver: async (config) => {
    const { openUnknownResolver } = await import('../src/queue/lookups/open-unknown-resolver.ts');
    const { redis, close } = await openRedis(config);
    const resolver = openUnknownResolver({ redis, prefix: config.redis.prefix, clock: clockOf(redis) });
    return { ...resolver, close: () => resolver.close().then(close) };
  },
  openInboundLog: async (config) => {
    const { redis, close } = await openRedis(config);
    return { ...createInboundLog(redis, createKeys(config.redis.prefix)), close };
  },
  openOptOuts: async (config) => {
    const { redis, close } = await openRedis(config);
    return { ...createOptOuts(redis, createKeys(config.redis.prefix)), close };
  },
  openBudgets: async (config) => {
    const { redis, close } = await openRedis(config);
    const budgets = createBudgets({ redis, keys: createKeys(config.redis.prefix), budgets: config.money?.budgets ?? {} });
    return { read: budgets.read, close };
  },
  openOverview: async (config) => {
    const { openOverview } = await import('../src/roles/console.ts');
    const { redis, close } = await openRedis(config);
    const overview = openOverview(config, redis);
    return { read: overview.read, close };
  },
  inspectRedis: async (config) => {
    const url = config === undefined ? await locateRedis({ url: env.REDIS_URL || undefined, dataDir: DATA_DIR }) : await locate(config);
    return inspectRedis(url, { user: 'reader', keys: createKeys(config?.redis.prefix ?? '{sms}'), queues: QUEUES });
  },
  askProcess: async (url) => (await import('./ask-process.ts')).askProcess(url),
  openProvider: async (config, name) => (await import('./open-provider.ts')).openProvider(config, name),
  redisAddress: async (config) => redactUrl(await locate(config)),
  runProcess: async (kind, options) => {
    finishFirst();
    return (await PROCESSES[kind]()).run(options);
  },
  stdout: process.stdout,
  stderr: process.stderr,
  colour: mayColour(process.stdout.isTTY, env),
  ...(process.stdin.isTTY && process.stderr.isTTY ? { confirm: askAtTerminal } : {}),
  ...(process.stdin.isTTY && process.stdout.isTTY ? { openScreen: openScreenHere } : {}),
  interrupted: () => {
    finishFirst();
    const stop = new AbortController();
    void nextSignal().then(() => stop.abort());
    return stop.signal;
  },
  now,
  version,
  env,
  nodeVersion: process.versions.node,
});
await Promise.all([process.stdout, process.stderr].map(written));
process.exit(exitCode);

/** Resolves when the reader has taken everything or is gone: exiting drops what a pipe has not taken. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
