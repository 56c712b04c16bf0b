import type { Command } from 'commander';
import { type CommandContext, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { limitOption } from '../options/option-values.ts';
import { addFilterOptions } from '../run/dead-filter.ts';
import type { DiscardOptions, ListOptions, PickOptions } from '../run/run-dead.ts';

const EXAMPLES = `Examples:
  sms-dispatch dead list                              failed, expired and unknown messages, newest first
  sms-dispatch dead show m-3kTm0aQ9ZxYb1cD2eF4gHi     its full history
  sms-dispatch dead replay --all --reason auth        after the credentials were corrected
  sms-dispatch dead discard order-42.paid             remove it without sending
`;

const LIST_EXAMPLES = `Examples:
  sms-dispatch dead list
  sms-dispatch dead list --severity critical --since 2h
  sms-dispatch dead list --json --limit 1000
`;

const SHOW_EXAMPLES = `Examples:
  sms-dispatch dead show m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead show --json order-42.paid
`;

const REPLAY_EXAMPLES = `Examples:
  sms-dispatch dead replay m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead replay order-42.paid order-43.paid
  sms-dispatch dead replay --all --reason auth --since 2h
`;

const DISCARD_EXAMPLES = `Examples:
  sms-dispatch dead discard m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead discard --all --severity info --yes
`;

const IDS = 'ids of messages, or of alerts with all their dead letters';

export function addDeadCommand(program: Command, context: CommandContext): void {
  const { deps } = context;
  const dead = program
    .command('dead')
    .description(
      'list, show, replay and discard dead letters: messages that failed, expired or have an unknown outcome, and malformed alerts',
    )
    .addHelpText('before', EXAMPLES);

  const list = dead
    .command('list')
    .description('list dead letters, newest first')
    .addOption(limitOption(50))
    .addHelpText('before', LIST_EXAMPLES);
  runs<ListOptions>(storeOptions(addFilterOptions(list)), context, async (_, options) =>
    (await import('../run/run-dead.ts')).printList(deps, options),
  );

  const show = dead
    .command('show')
    .description('show the history of one, as explain does, and its stored fields')
    .argument('<id>', 'id of a message or an alert')
    .addHelpText('before', SHOW_EXAMPLES);
  runs<StoreOptions>(storeOptions(show), context, async ([id], options) =>
    (await import('../run/run-dead.ts')).printOne(deps, id as string, options),
  );

  const replay = dead
    .command('replay')
    .description(
      'send again: the same message with its history, valid for its original lifetime; caps apply. Not sent: messages that were resolved or acknowledged meanwhile, that another alert with the same dedup key sends, or that may have been sent (see unknown resolve)',
    )
    .argument('[ids...]', IDS)
    .option('--all', 'all current dead letters')
    .addHelpText('before', REPLAY_EXAMPLES);
  runs<PickOptions>(storeOptions(addFilterOptions(replay, 'with --all: ')), context, async (ids, options) =>
    (await import('../run/run-dead.ts')).replayThem(deps, ids, options),
  );

  const discard = dead
    .command('discard')
    .description('remove from the dead letters permanently; the history stays')
    .argument('[ids...]', IDS)
    .option('--all', 'all current dead letters')
    .option('-y, --yes', 'do not ask for confirmation; required for --all without a terminal')
    .addHelpText('before', DISCARD_EXAMPLES);
  runs<DiscardOptions>(storeOptions(addFilterOptions(discard, 'with --all: ')), context, async (ids, options) =>
    (await import('../run/run-dead.ts')).discardThem(deps, ids, options),
  );
}
