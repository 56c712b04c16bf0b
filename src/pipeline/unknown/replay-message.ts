import type { Reopening } from '../../ledger/ledger.ts';
import { laneOf, type Message } from '../message.ts';

/** Returns the message of a dead job for its next try, with its original lifetime. */
export function replayMessage(message: Message, now: Date): Message {
  const at = now.getTime();
  const lifetimeMs = message.expiresAt - (message.replay?.at ?? message.receivedAt);
  const { failure: _, ...unfailed } = message;
  return { ...unfailed, expiresAt: at + lifetimeMs, replay: { number: (message.replay?.number ?? 0) + 1, at } };
}

/** Returns the ledger update for a replay; `undefined` for a message that was never replayed. */
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
        : { stage: 'operator', verdict: 'replayed', detail: 'its lifetime restarts' }),
    },
  };
}
