import type { CachedRateCap } from '../../limit/caps/cached-rate-cap.ts';
import type { CapRule, RateCap } from '../../limit/caps/rate-cap.ts';
import { type Critical, openSlot, type ReservedSlot } from '../../limit/caps/reserved-slot.ts';
import { laneOf, type Message } from '../message.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage } from '../stage.ts';
import { canWaitUntil, type HoldBack } from './hold-back.ts';
import { comeBackAt, type Full, keepsNothing, leavesKeptSlot, sizeOf } from './message-caps.ts';

/** Maximum age of a reservation; an older one is renewed before it is used. */
const SLOT_FRESH_MS = 20_000;

export async function renewSlot(subject: MessageSubject, cap: RateCap): Promise<void> {
  if (subject.rules.length === 0 || subject.begin !== undefined || performance.now() - subject.slotAt < SLOT_FRESH_MS) return;
  await cap.reserve(subject.message.id, subject.rules, { mayHold: true });
  subject.slotAt = performance.now();
}

export interface RateCapGateDeps {
  /** Decides about a message without capacity. */
  readonly holdBack: HoldBack;
  readonly reservedSlot: ReservedSlot;
  /** Whether a digest waits for a slot at this phone. */
  readonly digestWaits: (message: Message) => Promise<boolean>;
}

export function createRateCapGate(cap: CachedRateCap, { holdBack, reservedSlot, digestWaits }: RateCapGateDeps): Stage<MessageSubject> {
  /** In a window without a kept slot, the next free slot goes to the digest; otherwise each new alert could take it first. */
  const mayHaveToFollow = ({ message, rules, rerun }: MessageSubject): boolean => !rerun && leavesKeptSlot(message) && keepsNothing(rules);
  const mustFollow = async (subject: MessageSubject, now: Date): Promise<boolean> => {
    const { message } = subject;
    if (!mayHaveToFollow(subject)) return false;
    if (!(await digestWaits(message))) return false;
    return !mayBeNew(message) || (await reservedSlot.claim(criticalOf(subject), now, undefined)) !== 'its own';
  };

  const take = async (subject: MessageSubject, rules: readonly CapRule[], fresh: boolean, now: Date): Promise<Full | undefined> => {
    const reservation = await cap.reserve(subject.message.id, rules, { mayHold: !fresh });
    if (reservation.kind === 'full') return reservation;
    subject.tookSlot = reservation.fresh;
    subject.slotAt = performance.now();
    if (mayBeNew(subject.message)) await reservedSlot.recordCritical(criticalOf(subject), now);
    return undefined;
  };
  return {
    name: 'rate-cap',
    async exec(subject, ctx) {
      const { message, rerun, rules, unknowns } = subject;
      if (rules.length === 0) return pass;
      const now = ctx.clock.now();
      if (subject.begin !== undefined) {
        if (mayHaveToFollow(subject) || cap.knownFull(rules) !== undefined) return { kind: 'requeued', until: now };
        subject.slotSteps = {
          slot: cap.reserveStep(message.id, rules),
          onOpened: mayBeNew(message) ? reservedSlot.recordCriticalStep(criticalOf(subject), now) : undefined,
        };
        return pass;
      }
      if (await mustFollow(subject, now)) return holdBack(message, { reason: 'rate_cap_recipient' }, now, ctx);
      const full = await take(subject, rules, !rerun, now);
      if (full === undefined) return pass;
      const { reason } = full;
      const until = comeBackAt(full, rules, now);
      const size = sizeOf(full, rules);
      const waits = { kind: 'deferred', reason, until, cap: size } as const;
      // It may have been sent, so it must not be part of a digest.
      if (unknowns > 0) return waits;
      const canWait = canWaitUntil(message, until);
      const claim = mayBeNew(message) ? await reservedSlot.claim(criticalOf(subject), now, canWait ? until : undefined) : undefined;
      if (claim === undefined || claim === 'closed') return holdBack(message, { reason, cap: size }, until, ctx);
      if (claim === 'waits') return canWait ? waits : holdBack(message, { reason, cap: size }, until, ctx);
      const stillFull = await take(subject, openSlot(rules), !rerun, now);
      if (stillFull === undefined) return pass;
      if (!canWait) return holdBack(message, { reason, cap: size }, until, ctx);
      return { kind: 'deferred', reason: stillFull.reason, until: comeBackAt(stillFull, rules, now), cap: sizeOf(stillFull, rules) };
    },
  };
}

/** Whether the message may use the kept slot. */
function mayBeNew(message: Message): boolean {
  return message.severity === 'critical' && leavesKeptSlot(message);
}

const HOUR_MS = 3_600_000;

function criticalOf({ message, rules }: MessageSubject): Critical {
  const { id, dedupHash } = message;
  const windows = rules.filter(({ reason }) => reason === 'rate_cap_recipient').map(({ windowMs }) => windowMs);
  return { messageId: id, phoneHash: laneOf(message), dedupHash, windowMs: windows.length === 0 ? HOUR_MS : Math.max(...windows) };
}
