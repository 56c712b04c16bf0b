import { type Command, Option } from 'commander';
import type { CliDeps } from './cli-deps.ts';
import { reportFailure, UsageError } from './cli-failure.ts';

/** A provider bounds its own calls by its timeout, and says then what it waited for: ours ends only what outlasts that. */
const LATER_MS = 250;

export function callDeadline(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(timeoutMs + LATER_MS);
}

/** What every command is built with. */
export interface CommandContext {
  readonly deps: CliDeps;
  /** Takes the exit code of the command that ran. */
  readonly exit: (code: number) => void;
}

export interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

export const configOption = () =>
  new Option('-c, --config <file>', 'the config (default: SMS_DISPATCH_CONFIG, else config/sms-dispatch.yaml)');
/** Takes the options of a command that needs no more than Redis: see `storeConfig`. */
export const storeOptions = (command: Command) =>
  command
    .addOption(configOption())
    .option('--redis <url>', 'the Redis to use, whatever the config says; REDIS_URL, where the URL holds a password')
    .option('--prefix <prefix>', 'redis.prefix, whatever the config says (default: {sms})')
    .addOption(jsonOption());
export const jsonOption = () => new Option('--json', 'print JSON, for programs');

export interface StoreOptions extends CommonOptions {
  readonly redis?: string;
  readonly prefix?: string;
}

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []) => [...before, value];

/** Makes `run` what a command does: its result is the exit code, its errors are reported and become one. */
export function runs<Options extends CommonOptions>(
  command: Command,
  { deps, exit }: CommandContext,
  run: (args: readonly string[], options: Options) => Promise<number>,
): void {
  command.action(async () => {
    const options = command.opts<Options>();
    try {
      exit(await run(command.args, options));
    } catch (error) {
      if (error instanceof UsageError) command.error(`error: ${error.message}`);
      exit(reportFailure(error, deps, options.json === true));
    }
  });
}

export function printJson({ stdout }: Pick<CliDeps, 'stdout'>, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
