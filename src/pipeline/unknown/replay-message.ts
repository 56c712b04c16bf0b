import type { Reopening } from '../../ledger/ledger.ts';
import { laneOf, type Message } from '../message.ts';

/** The message of a dead job as its next try finds it: the same one, for as long as it was good at first. */
export function replayMessage(message: Message, now: Date): Message {
  const at = now.getTime();
  const lifetimeMs = message.expiresAt - (message.replay?.at ?? message.receivedAt);
  return { ...message, expiresAt: at + lifetimeMs, replay: { number: (message.replay?.number ?? 0) + 1, at } };
}

/** What the ledger is to be told of it; `undefined` for a message that never was replayed. */
export function reopeningOf(message: Message): Reopening | undefined {
  const { id, alertId, dedupHash, severity, receivedAt, dedupeForMs, expiresAt, replay } = message;
  if (replay === undefined) return undefined;
  return {
    messageId: id,
    alertId,
    dedupHash,
    lane: laneOf(message),
    severity,
    receivedAt,
    dedupeForMs: dedupeForMs ?? 0,
    number: replay.number,
    expiresAt,
    content: JSON.stringify(message),
    event: {
      at: new Date(replay.at).toISOString(),
      until: new Date(expiresAt).toISOString(),
      ...(replay.by === 'vendor'
        ? { stage: 'reconcile', verdict: 'retry' }
        : { stage: 'operator', verdict: 'replayed', detail: 'good for as long as it was at first, counted anew' }),
    },
  };
}
