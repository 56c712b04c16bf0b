import type { OurReason } from '../../alert/reason.ts';
import type { Message } from '../message.ts';
import type { HeldBack } from '../outcome.ts';
import type { StageContext, Verdict } from '../stage.ts';

/** What becomes of a message that may not go out before a certain moment. */
export type HoldBack = (message: Message, held: HeldBack, until: Date, ctx: StageContext) => Promise<Verdict>;

/**
 * By the word of its route: given up, gathered, or put off. What quiet hours hold back is gathered wherever it is not given up.
 * @param gather puts it together with others into one text to their recipient
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

/** How long before its deadline a message must come back: its queue may be busy then. */
const EARLY_MS = 30_000;

/** Whether there is time left to send a message when it comes back at this moment. */
export function canWaitUntil({ receivedAt, expiresAt }: Pick<Message, 'receivedAt' | 'expiresAt'>, until: Date): boolean {
  return until.getTime() + Math.min(EARLY_MS, (expiresAt - receivedAt) / 10) <= expiresAt;
}

/** Such as `room again at 2026-11-20T03:50:00.000Z`. */
export function describeEnd(reason: OurReason, until: Date): string {
  return `${reason === 'quiet_hours' ? 'quiet until' : 'room again at'} ${until.toISOString()}`;
}
