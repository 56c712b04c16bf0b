import type { Command } from 'commander';
import { type CommandContext, runs, type StoreOptions, storeOptions } from '../command-context.ts';

const EXAMPLES = `Examples:
  sms-dispatch doctor                                 faults and how to fix them
  sms-dispatch doctor --json > report.json            for a bug report; contains no secrets or phone numbers
`;

const NOTE = `
Checks Node, the environment, the config, Redis, the clock, the running processes, the queues and the providers.
Sends no message, and nothing to channels or webhooks. Exit code 1 when a check failed; a warning is not a failure.
`;

export function addDoctorCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program.command('doctor').description('check the system from the config to the providers, and say how to fix each fault'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTE);
  runs<StoreOptions>(command, context, async (_args, options) => (await import('./run-doctor.ts')).examine(context.deps, options));
}
