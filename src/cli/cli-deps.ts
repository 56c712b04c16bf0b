import type { Config } from '../config/config.ts';
import type { Fault } from '../config/fault.ts';
import type { OptOuts } from '../ledger/opt-outs.ts';
import type { Traces } from '../ledger/trace.ts';
import type { Budgets } from '../limit/budget.ts';
import type { UnknownDesk } from '../pipeline/unknown-desk.ts';
import type { Provider } from '../provider/provider.ts';
import type { DeadLetters } from '../queue/dead-letters-port.ts';
import type { Producer } from '../queue/producer-port.ts';

/** The processes that a person can start; `start` is all of them in one. */
export const PROCESS_KINDS = ['start', 'router', 'dispatcher', 'receiver'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from, as a person would write it. */
  readonly path: string;
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

/** A provider that can be asked and cannot send: no command texts anybody past the queue and its caps. */
export type AskableProvider = Omit<Provider, 'send'>;

/** What the commands need of the rest of the house. */
export interface CliDeps {
  /** Without a path the process's own default. @throws ConfigError with every fault at once. */
  loadConfig(path?: string): Promise<LoadedConfig>;
  /** @throws RedisUnavailableError */
  openProducer(config: Config): Promise<Producer>;
  /** @throws RedisUnavailableError */
  openTraces(config: Config): Promise<Traces & { close(): Promise<void> }>;
  /** @throws RedisUnavailableError */
  openDeadLetters(config: Config): Promise<DeadLetters>;
  /** @throws RedisUnavailableError */
  openUnknownDesk(config: Config): Promise<UnknownDesk & { close(): Promise<void> }>;
  /** @throws RedisUnavailableError */
  openOptOuts(config: Config): Promise<OptOuts & { close(): Promise<void> }>;
  /** Of a config that sets some. @throws RedisUnavailableError */
  openBudgets(config: Config): Promise<Pick<Budgets, 'read'> & { close(): Promise<void> }>;
  /** One of the config's providers; needs no Redis. */
  openProvider(config: Config, name: string): Promise<AskableProvider>;
  /** The Redis that those above talk to, for an error message: such as `127.0.0.1:6379`, never with a password. */
  redisAddress(config: Config): string | Promise<string>;
  /** Runs until the process is told to end; resolves to its exit code. */
  runProcess(kind: ProcessKind, options: { readonly configPath: string | undefined }): Promise<number>;
  /** Data only, so that it can be piped. */
  readonly stdout: Output;
  /** Everything said to a person beside the data. */
  readonly stderr: Output;
  /** Asks whoever sits at the terminal; absent where nobody does. */
  confirm?(question: string): Promise<boolean>;
  /** Aborts when the person presses Ctrl-C: a long command then stops between two steps. Absent: it ends the process. */
  interrupted?(): AbortSignal;
  now(): Date;
  readonly version: string;
}
