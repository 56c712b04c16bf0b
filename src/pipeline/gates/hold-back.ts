import type { OurReason } from '../../alert/reason.ts';
import type { Message } from '../message.ts';
import type { HeldBack } from '../outcome.ts';
import type { StageContext, Verdict } from '../stage.ts';

/** Decides about a message that may not be sent before a certain time. */
export type HoldBack = (message: Message, held: HeldBack, until: Date, ctx: StageContext) => Promise<Verdict>;

/**
 * Follows the `overflow` of the route: drop, digest or defer. Messages held back by quiet hours go into a digest unless
 * they are dropped.
 * @param gather adds the message to a digest for its recipient
 */
export function createHoldBack(gather: HoldBack): HoldBack {
  return async (message, held, until, ctx) => {
    const { overflow } = message;
    const { reason, cap } = held;
    if (overflow === 'drop') return { kind: 'suppressed', reason, held, detail: describeEnd(reason, until) };
    if (message.digest === undefined && (overflow === 'digest' || reason === 'quiet_hours')) return gather(message, held, until, ctx);
    return { kind: 'deferred', reason, until, ...(cap === undefined ? {} : { cap }) };
  };
}

/** How long before its deadline a message must come back, because its queue may be busy then. */
const EARLY_MS = 30_000;

/** Whether a message that comes back at `until` can still be sent in time. */
export function canWaitUntil({ receivedAt, expiresAt }: Pick<Message, 'receivedAt' | 'expiresAt'>, until: Date): boolean {
  return until.getTime() + Math.min(EARLY_MS, (expiresAt - receivedAt) / 10) <= expiresAt;
}

/** Formats the end of a wait: `capacity again at 2026-11-20T03:50:00.000Z`. */
export function describeEnd(reason: OurReason, until: Date): string {
  return `${reason === 'quiet_hours' ? 'quiet until' : 'capacity again at'} ${until.toISOString()}`;
}
