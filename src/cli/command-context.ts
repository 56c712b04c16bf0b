import { type Command, Option } from 'commander';
import type { CliDeps } from './cli-deps.ts';
import { UsageError } from './cli-failure.ts';

/** Added to a provider's timeout, so that the provider's own timeout error, which names the cause, comes first. */
const LATER_MS = 250;

export function callDeadline(timeoutMs: number): AbortSignal {
  return AbortSignal.timeout(timeoutMs + LATER_MS);
}

/** Context in which every command is built. */
export interface CommandContext {
  readonly deps: CliDeps;
  /** Receives the exit code of the command. */
  readonly exit: (code: number) => void;
}

export interface CommonOptions {
  readonly config?: string;
  readonly json?: true;
}

export const configOption = () =>
  new Option('-c, --config <file>', 'config file (default: SMS_DISPATCH_CONFIG, else config/sms-dispatch.yaml)');
/** Adds the options of a command that needs only Redis: see `storeConfig`. */
export const storeOptions = (command: Command) =>
  command
    .addOption(configOption())
    .option('--redis <url>', 'Redis to use instead of the configured one; use REDIS_URL for a URL with a password')
    .option('--prefix <prefix>', 'key prefix to use instead of redis.prefix (default: {sms})')
    .addOption(jsonOption());
export const jsonOption = () => new Option('--json', 'print JSON');

export interface StoreOptions extends CommonOptions {
  readonly redis?: string;
  readonly prefix?: string;
}

/** Collects the values of a repeatable option. */
export const collect = (value: string, before: readonly string[] = []) => [...before, value];

/** Sets the action of a command: its result is the exit code; errors are reported and give exit code 1. */
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
      const { reportFailure } = await import('./report-failure.ts');
      exit(reportFailure(error, deps, options.json === true));
    }
  });
}

export function printJson({ stdout }: Pick<CliDeps, 'stdout'>, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
