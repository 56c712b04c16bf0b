import { ALERT_ID_PATTERN } from '../../alert/id.ts';
import { storyOfMessage } from '../../explain/story.ts';
import { storyOfAlert } from '../../explain/story-of-alert.ts';
import type { DeadLetter, DeadLetters, Replayed } from '../../queue/dead-letters/dead-letters-port.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { deadFields, describeReplay, formatDeadList, formatStored, resolveHint, skippedWords } from '../format/format-dead.ts';
import { showStory } from '../format/show-story.ts';
import { isEventId } from '../options/suggestions.ts';
import { storeConfig } from '../store-config.ts';
import { createProgressLine } from '../terminal/progress-line.ts';
import { withDeadLetters, withHistories } from '../with-redis.ts';
import { checkFilter, type FilterOptions, filterOf } from './dead-filter.ts';

export interface ListOptions extends StoreOptions, FilterOptions {
  readonly limit: number;
}

export interface PickOptions extends StoreOptions, FilterOptions {
  readonly all?: true;
}

export interface DiscardOptions extends PickOptions {
  readonly yes?: true;
}

export async function printList(deps: CliDeps, options: ListOptions): Promise<number> {
  const config = await storeConfig(deps, options);
  const filter = filterOf(options, deps.now());
  const { total, letters, more } = await withDeadLetters(deps, config, (dead) => dead.list(options.limit, filter));
  if (options.json) printJson(deps, { total, more, dead: letters.map(deadFields) });
  else if (letters.length > 0) deps.stdout.write(`${formatDeadList(letters, deps.colour)}\n`);
  deps.stderr.write(`${listSummary(letters, total, more, Object.keys(filter).length > 0)}\n`);
  return 0;
}

function listSummary(letters: readonly DeadLetter[], total: number, more: boolean, filtered: boolean): string {
  if (total === 0) return 'no dead letters';
  if (filtered) return `${letters.length}${more ? ' or more' : ''} of ${total} dead letters match${more ? '; see --limit' : ''}`;
  const unknown = letters.find(({ state }) => state === 'unknown');
  const hint = unknown === undefined ? '' : `\nunknown outcome: sms-dispatch unknown resolve ${unknown.id} --sent, or --not-sent`;
  return `${letters.length} of ${total} dead letters${hint}`;
}

export async function printOne(deps: CliDeps, id: string, options: StoreOptions): Promise<number> {
  checkIds([id]);
  const config = await storeConfig(deps, options);
  const letters = await withDeadLetters(deps, config, (dead) => dead.find([id]));
  if (letters.length === 0) throw new CliFailure(notAmong([id]), lookUp(id));
  const { alert, message } = await withHistories(deps, config, async (histories) => {
    const message = await histories.message(id);
    return { message, alert: message === undefined ? await histories.alert(id) : undefined };
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

const NO_TRACE = 'The ledger has no record of it.\n';

export async function replayThem(deps: CliDeps, ids: readonly string[], options: PickOptions): Promise<number> {
  checkPick(ids, options);
  const config = await storeConfig(deps, options);
  const results: object[] = [];
  const counts = new Map<Replayed['kind'], number>();
  let left = 0;
  const missing = await withDeadLetters(deps, config, (dead) =>
    forEach(dead, ids, options, deps, async (letter) => {
      // A message raised for a simulated provider goes to a phone only on explicit request.
      if (options.all && options.reason === undefined && letter.reason === 'simulated') {
        left += 1;
        return;
      }
      const result = await dead.replay(letter);
      const { kind, ...facts } = result;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (options.json) results.push({ id: letter.id, result: kind, ...facts });
      else deps.stdout.write(`${describeReplay(letter, result)}\n`);
    }),
  );
  const sum = (...kinds: Replayed['kind'][]) => kinds.reduce((all, kind) => all + (counts.get(kind) ?? 0), 0);
  const replayed = sum('replayed');
  const refused = sum('ended', 'forgotten');
  const skipped = sum('resolved', 'acknowledged', 'duplicate', 'unknown');
  if (options.json) printJson(deps, { replayed, skipped, refused, ...(left > 0 ? { left } : {}), missing, results });
  if (left > 0) deps.stderr.write(`${left} raised for simulated providers skipped: dead replay --all --reason simulated sends them\n`);
  const summary = [
    `${replayed} replayed`,
    ...(skipped === 0 ? [] : [skippedWords(counts)]),
    ...(refused === 0 ? [] : [`${refused} rejected`]),
  ];
  return finish(deps, summary.join(', '), missing, refused + (options.all ? 0 : skipped));
}

export async function discardThem(deps: CliDeps, ids: readonly string[], options: DiscardOptions): Promise<number> {
  checkPick(ids, options);
  if (!options.yes && options.all && deps.confirm === undefined) {
    throw new CliFailure('nothing was discarded: --all without a terminal needs --yes', 'sms-dispatch dead discard --all --yes');
  }
  const config = await storeConfig(deps, options);
  const which = options.all ? 'all dead letters' : ids.length === 1 ? `${ids[0]}` : `${ids.length} dead letters`;
  if (!options.yes && deps.confirm !== undefined && !(await deps.confirm(`Discard ${which} permanently?`))) {
    throw new CliFailure('nothing was discarded');
  }
  const discarded: string[] = [];
  let unknown = 0;
  const missing = await withDeadLetters(deps, config, (dead) =>
    forEach(dead, ids, options, deps, async (letter) => {
      if (letter.state === 'unknown') {
        unknown += 1;
        if (!options.json) deps.stdout.write(`${letter.id}  not discarded: it may have been sent; ${resolveHint(letter.id)}\n`);
        return;
      }
      if (!(await dead.discard(letter))) return;
      discarded.push(letter.id);
      if (!options.json) deps.stdout.write(`${letter.id}  discarded\n`);
    }),
  );
  if (options.json) printJson(deps, { discarded, unknown, missing });
  const summary = `${discarded.length} discarded${unknown === 0 ? '' : `, ${unknown} with unknown outcome kept`}`;
  return finish(deps, summary, missing, options.all ? 0 : unknown);
}

/** Runs `act` for each dead letter, a few at a time. Returns the ids without a dead letter. */
async function forEach(
  dead: DeadLetters,
  ids: readonly string[],
  options: PickOptions,
  { stderr, now }: CliDeps,
  act: (letter: DeadLetter) => Promise<void>,
): Promise<string[]> {
  if (!options.all) {
    const letters = await dead.find(ids);
    for (const letter of letters) await act(letter);
    return ids.filter((wanted) => !letters.some(({ id, alertId }) => id === wanted || alertId === wanted));
  }
  const progress = createProgressLine(stderr);
  for await (const { total, looked, letters } of dead.all(filterOf(options, now()))) {
    await Promise.all(letters.map(act));
    progress.show(`${looked} of ${total}`);
  }
  progress.clear();
  return [];
}

function finish({ stderr }: CliDeps, summary: string, missing: readonly string[], refused: number): number {
  stderr.write(`${summary}\n`);
  if (missing.length > 0) throw new CliFailure(notAmong(missing), lookUp(missing[0] as string));
  return refused === 0 ? 0 : 1;
}

const notAmong = (ids: readonly string[]) => `no dead letter with id ${ids.join(', ')}`;

const lookUp = (id: string) =>
  isEventId(id)
    ? 'An event without a dead letter was delivered, is still queued, or was discarded; sms_webhook_events_total counts them.'
    : `See its outcome: sms-dispatch explain ${id}`;

function checkPick(ids: readonly string[], { all, ...options }: PickOptions): void {
  checkFilter(options, all);
  if (all === undefined && ids.length === 0) throw new UsageError('give ids or --all');
  if (all !== undefined && ids.length > 0) throw new UsageError('give ids or --all, not both');
  checkIds(ids);
}

function checkIds(ids: readonly string[]): void {
  if (ids.some((id) => !ALERT_ID_PATTERN.test(id))) throw new UsageError('invalid id: an id has 1 to 128 characters of A-Z a-z 0-9 . _ -');
}
