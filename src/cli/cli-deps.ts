import type { Config } from '../config/config.ts';
import type { ConfigError, Fault } from '../config/fault.ts';
import type { ReadableConfig } from '../config/readable-config.ts';
import type { WaitingJob } from '../explain/waiting-job.ts';
import type { StoryHistories } from '../ledger/history/history.ts';
import type { InboundLog } from '../ledger/inbound/kept-inbound.ts';
import type { OptOuts } from '../ledger/opt-out/opt-outs.ts';
import type { Budgets } from '../limit/budget/budget.ts';
import type { Overview } from '../overview/overview.ts';
import type { UnknownResolver } from '../pipeline/unknown/unknown-resolver.ts';
import type { Provider } from '../provider/contract/provider.ts';
import type { DeadLetters } from '../queue/dead-letters/dead-letters-port.ts';
import type { Episodes, Producer } from '../queue/producer/producer-port.ts';
import type { RedisInspection } from '../redis/fitness/inspect.ts';
import type { Environment } from '../setting/environment.ts';
import type { Screen } from './terminal/terminal-screen.ts';

/** Processes that the CLI can start; `start` is all of them in one. */
export const PROCESS_KINDS = ['start', 'worker', 'router', 'dispatcher', 'receiver'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface LoadedConfig {
  readonly config: Config;
  /** Path of the file, as a user would write it. */
  readonly path: string;
  /** Hash of the meaning of the config, equal on every process: 12 hex digits. */
  readonly hash: string;
  /** Settings that are valid but probably a mistake. */
  readonly warnings: readonly Fault[];
}

/** An output stream, such as `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  /** Width of the terminal; help wraps at 80 without it. */
  readonly columns?: number;
  /** True for a terminal. */
  readonly isTTY?: boolean;
}

/** State of a process, read over HTTP. */
export interface ProcessAnswer {
  /** `/readyz` answered 200. */
  readonly ready: boolean;
  /** Reasons why it is not ready. */
  readonly reasons: readonly string[];
  /** Config hash of the process, as {@link LoadedConfig.hash}; `undefined` where its metrics do not contain it. */
  readonly configHash: string | undefined;
}

/** A provider without `send`: commands never send past the queue and its caps. */
export type AskableProvider = Omit<Provider, 'send'>;

export interface ProcessOptions {
  readonly configPath: string | undefined;
  /** Enables the console, whatever the config says. */
  readonly console?: true;
}

/** Dependencies of the commands. */
export interface CliDeps {
  /** Loads the config; without a path the default file. @throws ConfigError with every fault. */
  loadConfig(path?: string): Promise<LoadedConfig>;
  /** Returns the valid parts of a config that `loadConfig` rejected, for commands that need only Redis. */
  readableConfig(error: ConfigError, path?: string): ReadableConfig | Promise<ReadableConfig>;
  /** @throws RedisUnavailableError */
  openProducer(config: Config): Promise<Producer>;
  /** @throws RedisUnavailableError */
  openHistories(config: Config): Promise<OpenHistories>;
  /** @throws RedisUnavailableError */
  openEpisodes(config: Config): Promise<Episodes>;
  /** @throws RedisUnavailableError */
  openDeadLetters(config: Config): Promise<DeadLetters>;
  /** @throws RedisUnavailableError */
  openUnknownResolver(config: Config): Promise<UnknownResolver & { close(): Promise<void> }>;
  /** @throws RedisUnavailableError */
  openInboundLog(config: Config): Promise<Pick<InboundLog, 'newest'> & { close(): Promise<void> }>;
  /** @throws RedisUnavailableError */
  openOptOuts(config: Config): Promise<OptOuts & { close(): Promise<void> }>;
  /** Only for a config with budgets. @throws RedisUnavailableError */
  openBudgets(config: Config): Promise<Pick<Budgets, 'read'> & { close(): Promise<void> }>;
  /** `read` reads fresh figures at each call. Both: @throws RedisUnavailableError */
  openOverview(config: Config): Promise<OpenOverview>;
  /**
   * Inspects the Redis that would be used; needs no valid config.
   * @throws RedisUnavailableError when there is none, or it does not answer
   */
  inspectRedis(config: Config | undefined): Promise<RedisInspection>;
  /** @param url such as `http://127.0.0.1:8080`. `undefined` when no process of ours listens there. */
  askProcess(url: string): Promise<ProcessAnswer | undefined>;
  /** Opens a provider of the config; needs no Redis. */
  openProvider(config: Config, name: string): Promise<AskableProvider>;
  /** Address of Redis for error messages, such as `127.0.0.1:6379`, never with a password. */
  redisAddress(config: Config): string | Promise<string>;
  /** Runs until a signal ends the process; resolves to its exit code. */
  runProcess(kind: ProcessKind, options: ProcessOptions): Promise<number>;
  /** For data only, so that it can be piped. `runCli` escapes control characters here and in `stderr`. */
  readonly stdout: Output;
  /** For messages to the user. */
  readonly stderr: Output;
  /** Whether stdout may be coloured; default: no. */
  readonly colour?: boolean;
  /** Opens the terminal for a full-screen view; absent without a terminal. */
  openScreen?(): Screen;
  /** Asks the user for confirmation; absent without a terminal. */
  confirm?(question: string): Promise<boolean>;
  /** Aborts at Ctrl-C, so that a long command stops between two steps. Absent: Ctrl-C ends the process. */
  interrupted?(): AbortSignal;
  now(): Date;
  readonly version: string;
  readonly env: Environment;
  /** Node's version without the v: `20.19.0`. */
  readonly nodeVersion: string;
}

export interface OpenHistories extends StoryHistories {
  /** Ids of alerts and messages with the most recent journal entries, newest first. */
  recentIds(): Promise<readonly string[]>;
  /** The waiting job of an alert, by the id of the alert or of the job. */
  waiting(id: string): Promise<WaitingJob | undefined>;
  close(): Promise<void>;
}

export interface OpenOverview {
  read(): Promise<Overview>;
  close(): Promise<void>;
}
