import type { Config } from '../../config/config.ts';
import type { CapSize } from '../../ledger/history/trace.ts';
import { capRulesFor } from '../../limit/caps/cap-rules.ts';
import type { Contributor } from '../../limit/caps/contributions.ts';
import { CAP_REASONS, type CapRule, type Reservation } from '../../limit/caps/rate-cap.ts';
import { keepSlot } from '../../limit/caps/reserved-slot.ts';
import { FEW_SEGMENTS, MOST_SEGMENTS } from '../digest/compose-digest.ts';
import type { Message } from '../message.ts';

/** The parts of a config that say how much is allowed. */
export type CapConfig = Pick<Config, 'caps' | 'routes'>;

/** The rules that a message must fit into; the same ones each time, so that its slot is found again. */
export function rulesOf(message: Message, { caps, routes }: CapConfig, leavesSlot = leavesKeptSlot(message)): CapRule[] {
  const rules = capRulesFor({ caps, routeCaps: routes.find(({ name }) => name === message.route)?.caps }, message);
  return leavesSlot ? keepSlot(rules, caps.weight === 'segments' ? FEW_SEGMENTS : 1) : rules;
}

/** What is over is told of in a digest, and that must find room. */
export function leavesKeptSlot({ overflow, digest }: Message): boolean {
  return overflow === 'digest' && digest === undefined;
}

/** How long a digest may be: where caps count segments, what is kept for it; else what its route allows. */
export function digestSegments({ maxSegments = MOST_SEGMENTS }: Pick<Message, 'maxSegments'>, { caps }: Pick<CapConfig, 'caps'>): number {
  return caps.weight === 'segments' ? Math.min(FEW_SEGMENTS, maxSegments) : maxSegments;
}

/** Whether some window of the recipient is so small that nothing of it is kept for the digest. */
export function keepsNothing(rules: readonly CapRule[]): boolean {
  return rules.some(({ reason, reserve }) => reason === 'rate_cap_recipient' && reserve === 0);
}

export type Full = Extract<Reservation, { kind: 'full' }>;

/**
 * When a message that a full cap holds back should ask again. A slot whose text is still on its way counts for longer
 * than a window; once that text has gone out there is room a window from now at the latest.
 */
export function comeBackAt({ key, retryAt }: Full, rules: readonly CapRule[], now: Date): Date {
  const windowMs = rules.find((rule) => rule.key === key)?.windowMs ?? Number.POSITIVE_INFINITY;
  return new Date(Math.min(retryAt.getTime(), now.getTime() + windowMs + 1));
}

/** How much the cap that was found full allows, the slot included that is kept free in it. */
export function sizeOf({ key }: Full, rules: readonly CapRule[]): CapSize {
  const { max, windowMs } = rules.find((rule) => rule.key === key) as CapRule;
  return { max, windowMs };
}

/** What a person looks for who asks who filled a cap. */
export function contributorOf({ source, route, contact }: Message): Contributor {
  return { source: source ?? null, route, contact: contact ?? null };
}

/** Whether it is a rate cap or a budget that holds a message back: limits that others have used up. */
export function isUsedUpByOthers(reason: string): boolean {
  return reason === 'budget' || (CAP_REASONS as readonly string[]).includes(reason);
}
