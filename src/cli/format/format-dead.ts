import { recipientOf } from '../../explain/story.ts';
import type { DeadLetter, Replayed } from '../../queue/dead-letters/dead-letters-port.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatStamp, formatTime } from '../../text/format-time.ts';
import { createPaint } from '../terminal/printable-text.ts';

/** Fields of a dead letter in JSON output. */
export type DeadFields = Pick<
  DeadLetter,
  'id' | 'what' | 'state' | 'alertId' | 'severity' | 'route' | 'to' | 'contact' | 'reason' | 'code' | 'detail' | 'diedAt'
>;

export function deadFields(letter: DeadLetter): DeadFields {
  const { id, what, state, alertId, severity, route, to, contact, reason, code, detail, diedAt } = letter;
  return { id, what, state, alertId, severity, route, to, contact, reason, code, detail, diedAt };
}

const HEAD = ['id', 'what', 'state', 'severity', 'to', 'reason', 'code', 'since (UTC)', 'alert'];

/** Formats one line per dead letter; the recipient of a notice is its channel. */
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
  malformed: 'Malformed, rejected at',
};

/** Formats the stored fields of a dead letter. */
export function formatStored({ id, what, state, diedAt, detail, stored }: DeadLetter): string {
  const facts = Object.entries(stored).map(([name, words]) => [name, oneLine(words)]);
  return [`${SINCE[state]} ${formatTime(diedAt)}: ${oneLine(detail)}`, '', formatTable([[what, id], ...facts])].join('\n');
}

/** Describes the result of a replay in one line. */
export function describeReplay({ id, what }: DeadLetter, replayed: Replayed): string {
  switch (replayed.kind) {
    case 'replayed':
      return `${id}  queued again${replayed.goodUntil === null ? '' : `, valid until ${formatTime(replayed.goodUntil)}`}`;
    case 'resolved':
    case 'acknowledged':
      return `${id}  not replayed: its alert was ${replayed.kind} meanwhile`;
    case 'duplicate':
      return `${id}  not replayed: alert ${replayed.of} with the same dedup key was sent or is being sent`;
    case 'unknown':
      return `${id}  not replayed: it may have been sent; ${resolveHint(id)}`;
    case 'gone':
      return `${id}  not replayed: another operator replayed or discarded it`;
    case 'ended':
      return `${id}  not replayed: the ${what} is ${replayed.state}, and sending it again could send it twice`;
    case 'forgotten':
      return `${id}  not replayed: its ledger entry has expired; raise the alert again`;
  }
}

/** Command that resolves a message with unknown outcome. */
export const resolveHint = (id: string) => `sms-dispatch unknown resolve ${id} --sent, or --not-sent --resend`;

/** Summarises why letters were skipped: `3 skipped (2 resolved, 1 acknowledged)`. */
export function skippedWords(counts: ReadonlyMap<Replayed['kind'], number>): string {
  const why = (['resolved', 'acknowledged', 'duplicate', 'unknown'] as const).flatMap((kind) => {
    const count = counts.get(kind);
    return count === undefined ? [] : [{ count, words: `${count} ${kind === 'unknown' ? 'with unknown outcome' : kind}` }];
  });
  return `${why.reduce((sum, { count }) => sum + count, 0)} skipped (${why.map(({ words }) => words).join(', ')})`;
}

/** Replaces line breaks and control characters, which external text may contain. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
