import { recipientOf } from '../../explain/story.ts';
import type { DeadLetter, Replayed } from '../../queue/dead-letters/dead-letters-port.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatStamp, formatTime } from '../../text/format-time.ts';
import { createPaint } from '../terminal/printable-text.ts';

/** What a program is told of a dead letter. */
export type DeadFields = Pick<
  DeadLetter,
  'id' | 'what' | 'state' | 'alertId' | 'severity' | 'route' | 'to' | 'contact' | 'reason' | 'code' | 'detail' | 'diedAt'
>;

export function deadFields(letter: DeadLetter): DeadFields {
  const { id, what, state, alertId, severity, route, to, contact, reason, code, detail, diedAt } = letter;
  return { id, what, state, alertId, severity, route, to, contact, reason, code, detail, diedAt };
}

const HEAD = ['id', 'what', 'state', 'severity', 'to', 'reason', 'code', 'since (UTC)', 'alert'];

/** One line a dead letter; what a channel was to be told is to the channel. */
export function formatDeadList(letters: readonly DeadLetter[], colour = false): string {
  const rows = letters.map(({ id, what, state, severity, to, contact, reason, code, diedAt, alertId, stored }) => [
    id,
    what,
    state,
    severity ?? '-',
    to === null ? (stored.channel ?? stored.webhook ?? '-') : recipientOf({ to, contact }),
    reason,
    code ?? '-',
    formatStamp(diedAt).slice(0, 19),
    alertId ?? '-',
  ]);
  const [head = '', ...lines] = formatTable([HEAD, ...rows]).split('\n');
  return [createPaint(colour).dim(head), ...lines].join('\n');
}

const SINCE: Readonly<Record<DeadLetter['state'], string>> = {
  failed: 'Failed at',
  expired: 'Expired at',
  unknown: 'Unknown since',
  malformed: 'Malformed, refused at',
};

/** What is kept of a dead letter beside its trace. */
export function formatStored({ id, what, state, diedAt, detail, stored }: DeadLetter): string {
  const facts = Object.entries(stored).map(([name, words]) => [name, oneLine(words)]);
  return [`${SINCE[state]} ${formatTime(diedAt)}: ${oneLine(detail)}`, '', formatTable([[what, id], ...facts])].join('\n');
}

/** What became of a replay, on one line. */
export function describeReplay({ id, what }: DeadLetter, replayed: Replayed): string {
  switch (replayed.kind) {
    case 'replayed':
      return `${id}  queued again${replayed.goodUntil === null ? '' : `, good until ${formatTime(replayed.goodUntil)}`}`;
    case 'resolved':
    case 'acknowledged':
      return `${id}  not replayed: its problem was ${replayed.kind} meanwhile`;
    case 'duplicate':
      return `${id}  not replayed: alert ${replayed.of}, of the same dedup key, was sent or is on its way`;
    case 'unknown':
      return `${id}  not replayed: it may have been sent; ${resolveHint(id)}`;
    case 'gone':
      return `${id}  not replayed: another operator has replayed or discarded it`;
    case 'ended':
      return `${id}  not replayed: the ${what} is ${replayed.state}, and sending it again could text somebody twice`;
    case 'forgotten':
      return `${id}  not replayed: its ledger entry is gone; raise the alert again`;
  }
}

/** How a person settles a message of unknown outcome. */
export const resolveHint = (id: string) => `sms-dispatch unknown resolve ${id} --sent, or --not-sent --resend`;

/** Why some letters were not worth sending any more, and how many of each: `3 skipped (2 resolved, 1 acknowledged)`. */
export function skippedWords(counts: ReadonlyMap<Replayed['kind'], number>): string {
  const why = (['resolved', 'acknowledged', 'duplicate', 'unknown'] as const).flatMap((kind) => {
    const count = counts.get(kind);
    return count === undefined ? [] : [{ count, words: `${count} ${kind === 'unknown' ? 'with unknown outcome' : kind}` }];
  });
  return `${why.reduce((sum, { count }) => sum + count, 0)} skipped (${why.map(({ words }) => words).join(', ')})`;
}

/** What others wrote may hold line breaks, and codes that a terminal obeys. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
