import type { Config } from '../config/config.ts';
import type { ConfigError, Fault } from '../config/fault.ts';
import type { ReadableConfig } from '../config/readable-config.ts';
import type { WaitingJob } from '../explain/waiting-job.ts';
import type { StoryTraces } from '../ledger/history/trace.ts';
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

/** The processes that a person can start; `start` is all of them in one. */
export const PROCESS_KINDS = ['start', 'router', 'dispatcher', 'receiver'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from, as a person would write it. */
  readonly path: string;
  /** The same on every process whose config means the same: 12 hex digits. */
  readonly hash: string;
  /** What is allowed and probably not meant. */
  readonly warnings: readonly Fault[];
}

/** Where text goes: `process.stdout` fits. */
export interface Output {
  write(text: string): unknown;
  /** Width of the terminal; help wraps at 80 without it. */
  readonly columns?: number;
  /** A person watches it. */
  readonly isTTY?: boolean;
}

/** What a process says of itself over HTTP. */
export interface ProcessAnswer {
  /** Answers `/readyz` with 200. */
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** Of its config: 12 hex digits, as {@link LoadedConfig.hash}; `undefined` where its metrics do not tell. */
  readonly configHash: string | undefined;
}

/** A provider that can be asked and cannot send: no command texts anybody past the queue and its caps. */
export type AskableProvider = Omit<Provider, 'send'>;

export interface ProcessOptions {
  readonly configPath: string | undefined;
  /** Serves the console, whatever the config says. */
  readonly console?: true;
}

/** What the commands need of the rest of the house. */
export interface CliDeps {
  /** Without a path the process's own default. @throws ConfigError with every fault at once. */
  loadConfig(path?: string): Promise<LoadedConfig>;
  /** What can be read of a config that `loadConfig` refused, for commands that need no more than Redis. */
  readableConfig(error: ConfigError, path?: string): ReadableConfig;
  /** @throws RedisUnavailableError */
  openProducer(config: Config): Promise<Producer>;
  /** @throws RedisUnavailableError */
  openTraces(config: Config): Promise<OpenTraces>;
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
  /** Of a config that sets some. @throws RedisUnavailableError */
  openBudgets(config: Config): Promise<Pick<Budgets, 'read'> & { close(): Promise<void> }>;
  /** `read` looks anew each time. Both: @throws RedisUnavailableError */
  openOverview(config: Config): Promise<OpenOverview>;
  /**
   * A look at the Redis that would be used, which needs no valid config.
   * @throws RedisUnavailableError when there is none, or it does not answer
   */
  inspectRedis(config: Config | undefined): Promise<RedisInspection>;
  /** @param url such as `http://127.0.0.1:8080`. `undefined` when nothing of ours listens there. */
  askProcess(url: string): Promise<ProcessAnswer | undefined>;
  /** One of the config's providers; needs no Redis. */
  openProvider(config: Config, name: string): Promise<AskableProvider>;
  /** The Redis that those above talk to, for an error message: such as `127.0.0.1:6379`, never with a password. */
  redisAddress(config: Config): string | Promise<string>;
  /** Runs until the process is told to end; resolves to its exit code. */
  runProcess(kind: ProcessKind, options: ProcessOptions): Promise<number>;
  /** Data only, so that it can be piped. `runCli` escapes control characters in it and in `stderr`. */
  readonly stdout: Output;
  /** Everything said to a person beside the data. */
  readonly stderr: Output;
  /** Whether stdout may be coloured; absent = no. */
  readonly colour?: boolean;
  /** The whole terminal, to be drawn on; absent where nobody sits there. */
  openScreen?(): Screen;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  confirm?(question: string): Promise<boolean>;
  /** Aborts when the person presses Ctrl-C: a long command then stops between two steps. Absent: it ends the process. */
  interrupted?(): AbortSignal;
  now(): Date;
  readonly version: string;
  readonly env: Environment;
  /** Of Node, without the v: `20.19.0`. */
  readonly nodeVersion: string;
}

export interface OpenTraces extends StoryTraces {
  /** Of the alerts and messages of which something was heard last, newest first. */
  recentIds(): Promise<readonly string[]>;
  /** The job that an alert waits in, by its id or that of its job. */
  waiting(id: string): Promise<WaitingJob | undefined>;
  close(): Promise<void>;
}

export interface OpenOverview {
  read(): Promise<Overview>;
  close(): Promise<void>;
}
