import { type Command, InvalidArgumentError, Option } from 'commander';
import { ALERT_ID_PATTERN } from '../alert/id.ts';
import { PROVIDER_REASONS } from '../alert/reason.ts';
import { storyOfMessage } from '../explain/story.ts';
import { storyOfAlert } from '../explain/story-of-alert.ts';
import type { DeadLetter, DeadLetters } from '../queue/dead-letters-port.ts';
import type { CliDeps } from './cli-deps.ts';
import { CliFailure, UsageError } from './cli-failure.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from './command-context.ts';
import { deadFields, describeReplay, formatDeadList, formatStored } from './format-dead.ts';
import { isEventId, useOneOf } from './no-such.ts';
import { createProgressLine } from './progress-line.ts';
import { showStory } from './show-story.ts';
import { storeConfig } from './store-config.ts';
import { withDeadLetters, withTraces } from './with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch dead list                              what failed for good, newest first
  sms-dispatch dead show m-3kTm0aQ9ZxYb1cD2eF4gHi     its whole story
  sms-dispatch dead replay --all --reason content     after the template was approved
  sms-dispatch dead discard order-42.paid             not worth a text any more
`;

const LIST_EXAMPLES = `Examples:
  sms-dispatch dead list
  sms-dispatch dead list --json --limit 1000
`;

const SHOW_EXAMPLES = `Examples:
  sms-dispatch dead show m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead show --json order-42.paid
`;

const REPLAY_EXAMPLES = `Examples:
  sms-dispatch dead replay m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead replay order-42.paid order-43.paid
  sms-dispatch dead replay --all --reason content
`;

const DISCARD_EXAMPLES = `Examples:
  sms-dispatch dead discard m-3kTm0aQ9ZxYb1cD2eF4gHi
  sms-dispatch dead discard --all --yes
`;

const IDS = 'of messages, or of alerts with all their dead messages';

export function addDeadCommand(program: Command, context: CommandContext): void {
  const { deps } = context;
  const dead = program
    .command('dead')
    .description('messages that failed and alerts that were malformed: look at them, replay them, discard them')
    .addHelpText('before', EXAMPLES);

  const list = dead
    .command('list')
    .description('the newest ones')
    .addOption(new Option('--limit <n>', 'how many at most').default(50).argParser(countArgument))
    .addHelpText('before', LIST_EXAMPLES);
  runs<ListOptions>(storeOptions(list), context, (_, options) => printList(deps, options));

  const show = dead
    .command('show')
    .description('the trace of one, as explain tells it, and what is kept of it')
    .argument('<id>', 'of a message or an alert')
    .addHelpText('before', SHOW_EXAMPLES);
  runs<StoreOptions>(storeOptions(show), context, ([id], options) => printOne(deps, id as string, options));

  const replay = dead
    .command('replay')
    .description('try again: the same message with its history, good for as long as it was at first; caps apply')
    .argument('[ids...]', IDS)
    .option('--all', 'all that are dead by now')
    .addOption(new Option('--reason <reason>', 'with --all: those that died of it').argParser(reasonArgument))
    .addHelpText('before', REPLAY_EXAMPLES);
  runs<ReplayOptions>(storeOptions(replay), context, (ids, options) => replayThem(deps, ids, options));

  const discard = dead
    .command('discard')
    .description('take out of the dead letters for good; the trace stays')
    .argument('[ids...]', IDS)
    .option('--all', 'all that are dead by now')
    .option('-y, --yes', 'do not ask; --all without a terminal needs it')
    .addHelpText('before', DISCARD_EXAMPLES);
  runs<DiscardOptions>(storeOptions(discard), context, (ids, options) => discardThem(deps, ids, options));
}

interface ListOptions extends StoreOptions {
  readonly limit: number;
}

interface PickOptions extends StoreOptions {
  readonly all?: true;
}

interface ReplayOptions extends PickOptions {
  readonly reason?: string;
}

interface DiscardOptions extends PickOptions {
  readonly yes?: true;
}

async function printList(deps: CliDeps, options: ListOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const { total, letters } = await withDeadLetters(deps, config, (dead) => dead.list(options.limit));
  if (options.json) printJson(deps, { total, dead: letters.map(deadFields) });
  else if (letters.length > 0) deps.stdout.write(`${formatDeadList(letters, deps.colour)}\n`);
  deps.stderr.write(total === 0 ? 'nothing is dead\n' : `${letters.length} of ${total} dead\n`);
  return 0;
}

async function printOne(deps: CliDeps, id: string, options: StoreOptions): Promise<number> {
  checkIds([id]);
  const config = await storeConfig(deps, options);
  const letters = await withDeadLetters(deps, config, (dead) => dead.find([id]));
  if (letters.length === 0) throw new CliFailure(notAmong([id]), lookUp(id));
  const { alert, message } = await withTraces(deps, config, async (traces) => {
    const message = await traces.message(id);
    return { message, alert: message === undefined ? await traces.alert(id) : undefined };
  });
  if (options.json) {
    const dead = letters.map((letter) => ({ ...deadFields(letter), stored: letter.stored }));
    printJson(deps, { trace: message ?? alert ?? null, dead });
    return 0;
  }
  const trace =
    message !== undefined
      ? showStory(storyOfMessage(message, deps.now()), deps)
      : alert !== undefined
        ? showStory(storyOfAlert(alert, deps.now()), deps)
        : NO_TRACE;
  deps.stdout.write(`${[trace, ...letters.map((letter) => `${formatStored(letter)}\n`)].join('\n')}`);
  return 0;
}

const NO_TRACE = 'The ledger has no trace of it.\n';

async function replayThem(deps: CliDeps, ids: readonly string[], options: ReplayOptions): Promise<number> {
  checkPick(ids, options);
  if (options.reason !== undefined && !options.all) throw new UsageError('--reason belongs to --all');
  const config = await storeConfig(deps, options);
  const results: object[] = [];
  let replayed = 0;
  let refused = 0;
  const missing = await withDeadLetters(deps, config, (dead) =>
    forEach(dead, ids, options, deps, async (letter) => {
      if (options.reason !== undefined && letter.reason !== options.reason) return;
      const result = await dead.replay(letter);
      const { kind, ...facts } = result;
      if (kind === 'replayed') replayed += 1;
      if (kind === 'ended' || kind === 'forgotten') refused += 1;
      if (options.json) results.push({ id: letter.id, result: kind, ...facts });
      else deps.stdout.write(`${describeReplay(letter, result)}\n`);
    }),
  );
  if (options.json) printJson(deps, { replayed, refused, missing, results });
  return finish(deps, `${replayed} replayed${refused === 0 ? '' : `, ${refused} refused`}`, missing, refused);
}

async function discardThem(deps: CliDeps, ids: readonly string[], options: DiscardOptions): Promise<number> {
  checkPick(ids, options);
  if (!options.yes && options.all && deps.confirm === undefined) {
    throw new CliFailure('nothing was discarded: --all without a terminal needs --yes', 'sms-dispatch dead discard --all --yes');
  }
  const config = await storeConfig(deps, options);
  const which = options.all ? 'all dead letters' : ids.length === 1 ? `${ids[0]}` : `${ids.length} dead letters`;
  if (!options.yes && deps.confirm !== undefined && !(await deps.confirm(`Discard ${which} for good?`))) {
    throw new CliFailure('nothing was discarded');
  }
  const discarded: string[] = [];
  const missing = await withDeadLetters(deps, config, (dead) =>
    forEach(dead, ids, options, deps, async (letter) => {
      if (!(await dead.discard(letter))) return;
      discarded.push(letter.id);
      if (!options.json) deps.stdout.write(`${letter.id}  discarded\n`);
    }),
  );
  if (options.json) printJson(deps, { discarded, missing });
  return finish(deps, `${discarded.length} discarded`, missing, 0);
}

/** A few at a time. Answers the ids that nothing dead goes by. */
async function forEach(
  dead: DeadLetters,
  ids: readonly string[],
  { all }: PickOptions,
  { stderr }: CliDeps,
  act: (letter: DeadLetter) => Promise<void>,
): Promise<string[]> {
  if (!all) {
    const letters = await dead.find(ids);
    for (const letter of letters) await act(letter);
    return ids.filter((wanted) => !letters.some(({ id, alertId }) => id === wanted || alertId === wanted));
  }
  const progress = createProgressLine(stderr);
  let done = 0;
  for await (const { total, letters } of dead.all()) {
    await Promise.all(letters.map(act));
    done += letters.length;
    progress.show(`${done} of ${total}`);
  }
  progress.clear();
  return [];
}

function finish({ stderr }: CliDeps, summary: string, missing: readonly string[], refused: number): number {
  stderr.write(`${summary}\n`);
  if (missing.length > 0) throw new CliFailure(notAmong(missing), lookUp(missing[0] as string));
  return refused === 0 ? 0 : 1;
}

const notAmong = (ids: readonly string[]) => `not among the dead: ${ids.join(', ')}`;
const lookUp = (id: string) =>
  isEventId(id)
    ? 'An event that is not dead was told, waits to be told, or was discarded; sms_webhook_events_total counts them.'
    : `What became of it: sms-dispatch explain ${id}`;

function checkPick(ids: readonly string[], { all }: PickOptions): void {
  if (all === undefined && ids.length === 0) throw new UsageError('name the ids, or --all');
  if (all !== undefined && ids.length > 0) throw new UsageError('give ids or --all, not both');
  checkIds(ids);
}

function checkIds(ids: readonly string[]): void {
  if (ids.some((id) => !ALERT_ID_PATTERN.test(id))) throw new UsageError('that is not an id: ids are 1 to 128 of A-Z a-z 0-9 . _ -');
}

function countArgument(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count;
  throw new InvalidArgumentError('A whole number from 1 to 100000.');
}

/** What something can die of. */
const REASONS: readonly string[] = [...PROVIDER_REASONS, 'malformed'];

function reasonArgument(word: string): string {
  if (REASONS.includes(word)) return word;
  throw new InvalidArgumentError(useOneOf(word, REASONS));
}
