import type { Command } from 'commander';
import { type CommandContext, runs, storeOptions } from '../command-context.ts';
import { limitOption } from '../options/option-values.ts';
import type { ListOptions, ResolveOptions } from '../run/run-unknown.ts';

const EXAMPLES = `Examples:
  sms-dispatch unknown list
  sms-dispatch unknown resolve m-3kTm0aQ9ZxYb1cD2eF4gHi --sent
  sms-dispatch unknown resolve m-3kTm0aQ9ZxYb1cD2eF4gHi --not-sent --resend
`;

const LIST_EXAMPLES = `Examples:
  sms-dispatch unknown list
  sms-dispatch unknown list --json
`;

const RESOLVE_EXAMPLES = `Examples:
  sms-dispatch unknown resolve m-3kTm0aQ9ZxYb1cD2eF4gHi --sent
  sms-dispatch unknown resolve m-3kTm0aQ9ZxYb1cD2eF4gHi --not-sent
  sms-dispatch unknown resolve m-3kTm0aQ9ZxYb1cD2eF4gHi --not-sent --resend
`;

export function addUnknownCommand(program: Command, context: CommandContext): void {
  const { deps } = context;
  const unknown = program.command('unknown').description('list and resolve messages with unknown outcome').addHelpText('before', EXAMPLES);

  const list = unknown.command('list').description('list them, oldest first').addHelpText('before', LIST_EXAMPLES);
  runs<ListOptions>(storeOptions(list.addOption(limitOption(1000))), context, async (_, options) =>
    (await import('../run/run-unknown.ts')).printList(deps, options),
  );

  const resolve = unknown
    .command('resolve')
    .description('record the actual outcome of one, as confirmed by the recipient or the vendor console')
    .argument('<id>', 'id of a message')
    .option('--sent', 'it was sent: count it as accepted')
    .option('--not-sent', 'it was not sent: count it as failed')
    .option('--resend', 'with --not-sent: send it again, valid for its original lifetime')
    .addHelpText('before', RESOLVE_EXAMPLES);
  runs<ResolveOptions>(storeOptions(resolve), context, async ([id], options) =>
    (await import('../run/run-unknown.ts')).resolveOne(deps, id as string, options),
  );
}
