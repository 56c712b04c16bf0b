import type { Config } from '../../config/config.ts';
import type { CapSize } from '../../ledger/history/history.ts';
import { capRulesFor } from '../../limit/caps/cap-rules.ts';
import type { Contributor } from '../../limit/caps/cap-usage-statistics.ts';
import { CAP_REASONS, type CapRule, type Reservation } from '../../limit/caps/rate-cap.ts';
import { keepSlot } from '../../limit/caps/reserved-slot.ts';
import { FEW_SEGMENTS, MOST_SEGMENTS } from '../digest/compose-digest.ts';
import type { Message } from '../message.ts';

/** The parts of a config that define caps. */
export type CapConfig = Pick<Config, 'caps' | 'routes'>;

/** Returns the cap rules of a message. Deterministic, so that its slot is found again. */
export function rulesOf(message: Message, { caps, routes }: CapConfig, leavesSlot = leavesKeptSlot(message)): CapRule[] {
  const rules = capRulesFor({ caps, routeCaps: routes.find(({ name }) => name === message.route)?.caps }, message);
  return leavesSlot ? keepSlot(rules, caps.weight === 'segments' ? FEW_SEGMENTS : 1) : rules;
}

/** Whether a message leaves the kept slot free: alerts over the cap go into a digest, which needs a slot. */
export function leavesKeptSlot({ overflow, digest }: Message): boolean {
  return overflow === 'digest' && digest === undefined;
}

/** Maximum length of a digest: the reserved size when caps count segments, else the limit of its route. */
export function digestSegments({ maxSegments = MOST_SEGMENTS }: Pick<Message, 'maxSegments'>, { caps }: Pick<CapConfig, 'caps'>): number {
  return caps.weight === 'segments' ? Math.min(FEW_SEGMENTS, maxSegments) : maxSegments;
}

/** Whether some window of the recipient is too small to keep a slot for the digest. */
export function keepsNothing(rules: readonly CapRule[]): boolean {
  return rules.some(({ reason, reserve }) => reason === 'rate_cap_recipient' && reserve === 0);
}

export type Full = Extract<Reservation, { kind: 'full' }>;

/**
 * Returns when a message held back by a full cap should retry. A slot of a message in flight counts for longer than a
 * window; once that message is sent, there is capacity within one window from now.
 */
export function comeBackAt({ key, retryAt }: Full, rules: readonly CapRule[], now: Date): Date {
  const windowMs = rules.find((rule) => rule.key === key)?.windowMs ?? Number.POSITIVE_INFINITY;
  return new Date(Math.min(retryAt.getTime(), now.getTime() + windowMs + 1));
}

/** Size of the cap that was full, including the slot that is kept free. */
export function sizeOf({ key }: Full, rules: readonly CapRule[]): CapSize {
  const { max, windowMs } = rules.find((rule) => rule.key === key) as CapRule;
  return { max, windowMs };
}

/** Facts that identify who fills a cap. */
export function contributorOf({ source, route, contact }: Message): Contributor {
  return { source: source ?? null, route, contact: contact ?? null };
}

/** Whether the limit is a rate cap or a budget, which other messages have used up. */
export function isUsedUpByOthers(reason: string): boolean {
  return reason === 'budget' || (CAP_REASONS as readonly string[]).includes(reason);
}
