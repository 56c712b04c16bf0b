import type { Command } from 'commander';
import { type CommandContext, runs, storeOptions } from '../command-context.ts';
import type { StatusOptions } from '../run/run-status.ts';

const EXAMPLES = `Examples:
  sms-dispatch status                                 live on a terminal; q ends it
  sms-dispatch status --once                          print once; exit 1 when messages are not sent
  sms-dispatch status --json | jq .health
`;

const EXIT_CODES = `
Exit code with --once, --json, or without a terminal: 1 when a finding is critical, that is when messages of a route are
not sent or may be lost; 0 otherwise, also with warnings, such as a provider that is down while another one of its route
works. A live view exits 0. Each finding in --json has level, kind, text and command; and route, provider and reason where
they apply.
`;

export function addStatusCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program
      .command('status')
      .description('show the state of the whole system on one screen')
      .option('--once', 'print once, also on a terminal'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES);
  runs<StatusOptions>(command, context, async (_args, options) => (await import('../run/run-status.ts')).showStatus(context.deps, options));
}
