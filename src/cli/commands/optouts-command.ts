import type { Command } from 'commander';
import { type CommandContext, runs, type StoreOptions, storeOptions } from '../command-context.ts';

const EXAMPLES = `Examples:
  sms-dispatch optouts list
  sms-dispatch optouts add +60123456789
  sms-dispatch optouts remove contact:alice
`;

const LIST_EXAMPLES = `Examples:
  sms-dispatch optouts list
  sms-dispatch optouts list --json
`;

const ADD_EXAMPLES = `Examples:
  sms-dispatch optouts add +60123456789
  sms-dispatch optouts add contact:alice
`;

const REMOVE_EXAMPLES = `Examples:
  sms-dispatch optouts remove +60123456789
  sms-dispatch optouts remove contact:alice
`;

const WHO = 'a phone number, or contact:<name>';

export function addOptOutsCommand(program: Command, context: CommandContext): void {
  const { deps } = context;
  const optOuts = program
    .command('optouts')
    .description('list, add and remove opt-outs: phones that receive no messages')
    .addHelpText('before', EXAMPLES);

  const list = optOuts.command('list').description('list all opt-outs, oldest first').addHelpText('before', LIST_EXAMPLES);
  runs<StoreOptions>(storeOptions(list), context, async (_, options) => (await import('../run/run-optouts.ts')).printList(deps, options));

  const add = optOuts
    .command('add')
    .description('send nothing to this phone any more, through any provider')
    .argument('<who>', WHO)
    .addHelpText('before', ADD_EXAMPLES);
  runs<StoreOptions>(storeOptions(add), context, async ([who], options) =>
    (await import('../run/run-optouts.ts')).addOne(deps, who as string, options),
  );

  const remove = optOuts
    .command('remove')
    .description('allow messages to this phone again; only at the request of its owner')
    .argument('<who>', WHO)
    .addHelpText('before', REMOVE_EXAMPLES);
  runs<StoreOptions>(storeOptions(remove), context, async ([who], options) =>
    (await import('../run/run-optouts.ts')).removeOne(deps, who as string, options),
  );
}
