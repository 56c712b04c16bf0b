import { format } from 'node:util';
import type { App, AppDeps } from '../src/app.ts';
import type { ProcessKind, ProcessOptions } from '../src/cli/cli-deps.ts';
import { printableText } from '../src/cli/terminal/printable-text.ts';
import type { Config } from '../src/config/config.ts';
import { createConfigReader } from '../src/config/config-reader.ts';
import { formatFault } from '../src/config/fault.ts';
import type { LoadedConfig } from '../src/config/load-config.ts';
import { type FoundRedis, findRedis } from '../src/embedded/find-redis.ts';
import { stdoutLog } from '../src/log-output.ts';
import { createLogger, type Logger } from '../src/logger.ts';
import { readEnvironment } from '../src/setting/environment.ts';
import { activeExemplar } from '../src/tracing/span.ts';
import type { Tracing } from '../src/tracing/start-tracing.ts';
import { DATA_DIR, LOCAL_REDIS } from './data-dir.ts';
import { firstSteps } from './first-steps.ts';
import { openTracing } from './open-tracing.ts';
import { keepListening, nextSignal, onHangUp } from './signals.ts';
import { startWatchdog, watchdogBoundMs } from './watchdog.ts';

/** Loaded when the config and Redis are known: a fault in either is reported sooner. */
const CREATE: Readonly<Record<ProcessKind, () => Promise<(deps: AppDeps) => App>>> = {
  start: async () => (await import('../src/app.ts')).createAll,
  worker: async () => (await import('../src/app.ts')).createWorker,
  router: async () => (await import('../src/app.ts')).createRouter,
  dispatcher: async () => (await import('../src/app.ts')).createDispatcher,
  receiver: async () => (await import('../src/app.ts')).createReceiver,
};

/** pino's number of the level `info`. */
const INFO = 30;

/** Added to the drain's own deadline, so that the process ends before a supervisor kills it. */
const FORCE_AFTER_MS = 5_000;

/**
 * Runs one process until a signal ends it.
 * @returns its exit code
 * @throws {ConfigError} with every fault, before anything is started
 */
export async function runProcess(kind: ProcessKind, options: ProcessOptions): Promise<number> {
  const env = readEnvironment();
  const reader = createConfigReader({ ...(options.configPath === undefined ? {} : { path: options.configPath }), env });
  const asTyped = (loaded: LoadedConfig) => (options.console ? withConsole(loaded) : loaded);
  const { config, warnings } = asTyped(reader.load());
  const logger = createLogger(config.logLevel, stdoutLog);
  logConsole(logger);
  for (const warning of warnings) logger.warn(formatFault(warning));
  exitOnUncaughtError(logger);
  startWatchdog({ boundMs: watchdogBoundMs(config.worker.lockMs), logger });

  let redis: FoundRedis | undefined;
  try {
    redis = await redisFor(kind, config, env, logger);
    const tracing = await openTracing(env, logger);
    const app = (await CREATE[kind]())({
      config,
      redisUrl: redis.url,
      logger,
      droppedLogLines: stdoutLog.dropped,
      ...(tracing && { exemplar: activeExemplar }),
    });
    const signal = nextSignal();
    const reload = () => app.reload(async () => asTyped(await reader.reload()));
    onHangUp(() => void reload());
    const { httpPort } = await app.start();
    logger.info({ process: kind, httpPort, redis: redis.describe }, 'ready');
    if (kind === 'start') stdoutLog.write(printableText(firstSteps({ config, httpPort, redis: redis.describe })), INFO);
    const leaving = new AbortController();
    void reader.watch(reload, leaving.signal);
    const received = await signal;
    leaving.abort();
    await drainAndStop(received, { app, redis, logger, tracing });
    return 0;
  } catch (error) {
    logger.fatal({ process: kind, reason: error instanceof Error ? error.message : String(error) }, 'process cannot run');
    await redis?.stop();
    return 1;
  }
}

/** Applies `--console`, which stays in effect across reloads of the file. */
function withConsole(loaded: LoadedConfig): LoadedConfig {
  const { config } = loaded;
  return { ...loaded, config: { ...config, http: { ...config.http, console: true } } };
}

/** Only `start` may run an embedded Redis: several machines must share one that is operated on its own. */
async function redisFor(kind: ProcessKind, config: Config, env: ReturnType<typeof readEnvironment>, logger: Logger): Promise<FoundRedis> {
  const say = (line: string) => logger.info(line);
  const url = config.redis.url?.reveal() ?? (kind === 'start' ? undefined : LOCAL_REDIS);
  return findRedis({ url, dataDir: DATA_DIR, say, env });
}

interface Running {
  readonly app: App;
  readonly redis: FoundRedis;
  readonly logger: Logger;
  readonly tracing: Tracing | undefined;
}

async function drainAndStop(signal: string, { app, redis, logger, tracing }: Running): Promise<void> {
  const { graceMs } = app.activeConfig().shutdown;
  logger.info({ signal, graceMs }, 'draining; a second signal exits immediately');
  const force = () => {
    logger.warn({ hint: 'another process resolves what was in flight' }, 'exiting before the drain finished');
    process.exit(1);
  };
  keepListening();
  void nextSignal().then(force);
  const deadline = setTimeout(force, graceMs + FORCE_AFTER_MS);
  await app.stop();
  await redis.stop();
  await tracing?.stop();
  clearTimeout(deadline);
  logger.info('drained');
}

/** Redirects the console to the log: libraries and Node write warnings there, and a stopped reader could block the process. */
function logConsole(logger: Logger): void {
  for (const method of ['debug', 'log', 'info', 'warn', 'error', 'trace'] as const) {
    console[method] = (...args: unknown[]) => logger.warn({ text: format(...args) }, 'library wrote to the console');
  }
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'runtime warning'));
}

/** Exits on an unexpected error: the state may be inconsistent, and a restart loses nothing. */
function exitOnUncaughtError(logger: Logger): void {
  process.on('exit', () => stdoutLog.flushSync());
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
}
