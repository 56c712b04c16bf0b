import { formatTable } from '../explain/format-table.ts';
import { formatStamp, formatTime } from '../explain/format-time.ts';
import { recipientOf } from '../explain/story.ts';
import type { DeadLetter, Replayed } from '../queue/dead-letters-port.ts';
import { createPaint } from './colour.ts';

/** What a program is told of a dead letter. */
export type DeadFields = Pick<
  DeadLetter,
  'id' | 'what' | 'alertId' | 'severity' | 'to' | 'contact' | 'reason' | 'code' | 'detail' | 'diedAt'
>;

export function deadFields({ id, what, alertId, severity, to, contact, reason, code, detail, diedAt }: DeadLetter): DeadFields {
  return { id, what, alertId, severity, to, contact, reason, code, detail, diedAt };
}

const HEAD = ['id', 'what', 'severity', 'to', 'reason', 'code', 'died at (UTC)', 'alert'];

/** One line a dead letter; what a channel was to be told is to the channel. */
export function formatDeadList(letters: readonly DeadLetter[], colour = false): string {
  const rows = letters.map(({ id, what, severity, to, contact, reason, code, diedAt, alertId, stored }) => [
    id,
    what,
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

/** What is kept of a dead letter beside its trace. */
export function formatStored({ id, what, diedAt, detail, stored }: DeadLetter): string {
  const facts = Object.entries(stored).map(([name, words]) => [name, oneLine(words)]);
  return [`Dead since ${formatTime(diedAt)}: ${oneLine(detail)}`, '', formatTable([[what, id], ...facts])].join('\n');
}

/** What became of a replay, on one line. */
export function describeReplay({ id, what }: DeadLetter, replayed: Replayed): string {
  switch (replayed.kind) {
    case 'replayed':
      return `${id}  queued again${replayed.goodUntil === null ? '' : `, good until ${formatTime(replayed.goodUntil)}`}`;
    case 'gone':
      return `${id}  no longer dead: somebody else has replayed or discarded it`;
    case 'ended':
      return `${id}  not replayed: the ${what} is ${replayed.state}, and sending it again could text somebody twice`;
    case 'forgotten':
      return `${id}  not replayed: its ledger entry is gone; raise the alert again`;
  }
}

/** What others wrote may hold line breaks, and codes that a terminal obeys. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
