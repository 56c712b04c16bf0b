import { Command, CommanderError, Option } from 'commander';
import { addBulkCommand } from './bulk/bulk-command.ts';
import type { CliDeps, Output } from './cli-deps.ts';
import { formatUsageError } from './cli-failure.ts';
import { addAcknowledgeCommand } from './commands/acknowledge-command.ts';
import { addBudgetCommand } from './commands/budget-command.ts';
import { addDeadCommand } from './commands/dead-command.ts';
import { addExplainCommand } from './commands/explain-command.ts';
import { addInboundCommand } from './commands/inbound-command.ts';
import { addOptOutsCommand } from './commands/optouts-command.ts';
import { addProcessCommands } from './commands/process-commands.ts';
import { addResolveCommand } from './commands/resolve-command.ts';
import { addSchemaCommand } from './commands/schema-command.ts';
import { addSendCommand } from './commands/send-command.ts';
import { addStatusCommand } from './commands/status-command.ts';
import { addTemplatesCommand } from './commands/templates-command.ts';
import { addUnknownCommand } from './commands/unknown-command.ts';
import { addConfigCommand } from './config/config-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addProvidersCommand } from './doctor/providers-command.ts';
import { printableText } from './terminal/printable-text.ts';

const EXAMPLES = `Examples:
  sms-dispatch start                                  everything on this machine
  sms-dispatch send --to +60123456789 "Disk full"     raise an alert
  sms-dispatch explain ALERT_ID                       was it sent, and if not, why
  sms-dispatch status                                 the state of the system
  sms-dispatch doctor                                 faults and how to fix them
  sms-dispatch config check                           before a deployment
`;

const EXIT_CODES = `
Data goes to stdout, messages to stderr. Exit code: 0 done, 1 refused or failed, 2 wrong usage; 130 after Ctrl-C.
With --json the error is the last line of stderr: { "error": { "message", "hint" } }.
Secrets are never flags: put them in the environment or in files that the config names.
`;

/**
 * Runs a command line. Resolves to the exit code: 0 done, 1 refused or failed, 2 wrong usage; never rejects for a mistake of the
 * user.
 * @param argv arguments after the program name
 */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let exitCode = 0;
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined);
  const seen = flags.includes('--no-color') ? { ...deps, colour: false } : deps;
  const program = createProgram(withPrintableOutput(seen), flags.includes('--json'), (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

/** Filters all output of commands, so that no external text controls the terminal. */
function withPrintableOutput(deps: CliDeps): CliDeps {
  const { stdout, stderr, confirm } = deps;
  return {
    ...deps,
    stdout: printable(stdout),
    stderr: printable(stderr),
    ...(confirm && { confirm: (question: string) => confirm(printableText(question)) }),
  };
}

function printable(output: Output): Output {
  return Object.create(output, { write: { value: (text: string) => output.write(printableText(text)) } }) as Output;
}

function createProgram(deps: CliDeps, json: boolean, exit: (code: number) => void): Command {
  const { stdout, stderr, version } = deps;
  const program = new Command('sms-dispatch')
    .description('Queue-backed SMS dispatch for alerts: sent once, capped, explained.')
    .version(version)
    .addOption(new Option('--no-color', 'no colour, like NO_COLOR=1; default without a terminal'))
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(formatUsageError(hideFlagValue(text), json)),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  const context = { deps, exit };
  addProcessCommands(program, context);
  addSendCommand(program, context);
  addBulkCommand(program, context);
  addExplainCommand(program, context);
  addStatusCommand(program, context);
  addDoctorCommand(program, context);
  addDeadCommand(program, context);
  addResolveCommand(program, context);
  addAcknowledgeCommand(program, context);
  addUnknownCommand(program, context);
  addInboundCommand(program, context);
  addOptOutsCommand(program, context);
  addBudgetCommand(program, context);
  addConfigCommand(program, context);
  addProvidersCommand(program, context);
  addTemplatesCommand(program, context);
  addSchemaCommand(program, context);
  return program;
}

/** Hides the value of an unknown option such as `--auth-token=…`, so that a token never appears in the log of a build server. */
function hideFlagValue(text: string): string {
  return text.replace(/(unknown option '--?[^='\s]+)=.*'/s, "$1=…'");
}
