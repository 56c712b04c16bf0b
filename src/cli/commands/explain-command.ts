import type { Command } from 'commander';
import { type CommandContext, collect, runs, storeOptions } from '../command-context.ts';
import type { ExplainOptions } from '../run/run-explain.ts';

const EXAMPLES = `Examples:
  sms-dispatch explain
  sms-dispatch explain order-42.paid
  sms-dispatch explain --json m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch explain --live order-42.paid --to +60123456789
`;

export function addExplainCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program
      .command('explain')
      .description('explain the outcome of an alert or a message: why it was, or was not, sent')
      .argument('[id]', 'id of an alert, a message, or a job on the queue sms-alerts (default: the latest alert)')
      .option('--live', 'also query the providers for the current delivery status')
      .option('--to <number>', 'full number of a recipient who is not a contact, for vendors that require it (repeatable)', collect),
  ).addHelpText('before', EXAMPLES);
  runs<ExplainOptions>(command, context, async ([id], options) =>
    (await import('../run/run-explain.ts')).explain(context.deps, id, options),
  );
}
