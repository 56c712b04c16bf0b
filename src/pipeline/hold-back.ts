import type { OurReason } from '../alert/reason.ts';
import type { Message } from './message.ts';
import type { DeferredReason, StageContext, Verdict } from './stage.ts';

/** What becomes of a message that may not go out before a certain moment. */
export type HoldBack = (message: Message, reason: OurReason & DeferredReason, until: Date, ctx: StageContext) => Promise<Verdict>;

export interface HoldBackDeps {
  /** Puts it together with others into one text of their recipient; absent: it waits for itself. */
  readonly gather?: HoldBack;
}

/** By the word of its route: given up, gathered, or put off. What quiet hours hold back is gathered wherever it is not given up. */
export function createHoldBack({ gather }: HoldBackDeps): HoldBack {
  return async (message, reason, until, ctx) => {
    const { overflow } = message;
    if (overflow === 'drop') return { kind: 'suppressed', reason, detail: describeEnd(reason, until) };
    if (gather !== undefined && message.digest === undefined && (overflow === 'digest' || reason === 'quiet_hours'))
      return gather(message, reason, until, ctx);
    return { kind: 'deferred', reason, until };
  };
}

/** Such as `room again at 2026-11-20T03:50:00.000Z`. */
export function describeEnd(reason: OurReason, until: Date): string {
  return `${reason === 'quiet_hours' ? 'quiet until' : 'room again at'} ${until.toISOString()}`;
}
