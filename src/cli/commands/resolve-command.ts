import type { Command } from 'commander';
import { type CommandContext, runs, type StoreOptions, storeOptions } from '../command-context.ts';

const EXAMPLES = `Examples:
  sms-dispatch resolve db-1/unreachable
`;

const NOTE = `
Exit code 1 when nothing is open for the key: no alert with it is waiting, and its last one is already resolved.
`;

export function addResolveCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program.command('resolve').description('resolve a dedup key: cancel its unsent messages').argument('<dedup-key>'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTE);
  runs<StoreOptions>(command, context, async ([dedupKey], options) =>
    (await import('../run/run-resolve.ts')).resolve(context.deps, dedupKey as string, options),
  );
}
