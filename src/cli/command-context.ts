import { type Command, Option } from 'commander';
import type { CliDeps } from './cli-deps.ts';
import { reportFailure, UsageError } from './cli-failure.ts';

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
export const jsonOption = () => new Option('--json', 'print JSON, for programs');

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
