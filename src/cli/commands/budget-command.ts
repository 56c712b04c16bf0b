import type { Command } from 'commander';
import { type CommandContext, runs, type StoreOptions, storeOptions } from '../command-context.ts';

const EXAMPLES = `Examples:
  sms-dispatch budget
  sms-dispatch budget --json
`;

export function addBudgetCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program.command('budget').description('cost of messages in the current hour, day and month, and the remaining budget'),
  ).addHelpText('before', EXAMPLES);
  runs<StoreOptions>(command, context, async (_args, options) => (await import('../run/run-budget.ts')).printBudget(context.deps, options));
}
