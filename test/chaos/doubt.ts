import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { heldUp } from './clock-record.ts';
import type { Doubt } from './faults.ts';
import type { History, ProviderHit } from './history.ts';

/** How long an undisturbed process may take to store the answer of a provider. */
const STORE_MS = 2_000;

/** A refused request puts no text on a phone. */
export function mayBeSent({ answer }: ProviderHit): boolean {
  return answer !== 'refused';
}

/**
 * Decides which requests left a real doubt about their outcome, by the record of the vendor and not by the trace: the
 * vendor gave no clear answer, or not in time, or a fault hit the process that asked before it could store the answer.
 * A process that hung up early without such a reason has made its doubt itself.
 */
export function doubtJudge({
  faults,
  clock,
  callTimeoutMs,
}: Pick<History, 'faults' | 'clock' | 'callTimeoutMs'>): (hit: ProviderHit) => boolean {
  const busy: Doubt[] = heldUp(clock);
  const doubts = [...faults.flatMap(({ doubt }) => doubt ?? []), ...busy];
  return ({ answer, atMs, answeredAtMs, hungUpAtMs, process }) => {
    const endedAtMs = answeredAtMs ?? hungUpAtMs;
    if (answer === 'silence' || endedAtMs === undefined || endedAtMs - atMs > callTimeoutMs / 2) return true;
    return doubts.some((doubt) => (doubt.process ?? process) === process && doubt.fromMs <= endedAtMs + STORE_MS && doubt.toMs >= atMs);
  };
}

/** What the trace of a message says about its requests that the vendor's record contradicts, in words. */
export function baselessClaims(
  hits: readonly ProviderHit[],
  { attempts }: MessageHistory,
  isDoubtful: (hit: ProviderHit) => boolean,
): string[] {
  const clear = hits.filter((hit) => !isDoubtful(hit));
  const misread = (['accepted', 'refused'] as const).flatMap((answer) =>
    [...new Set(clear.map(({ provider }) => provider))].flatMap((provider) => {
      const given = clear.filter((hit) => hit.provider === provider && hit.answer === answer).length;
      const meaning = answer === 'accepted' ? 'confirmed_sent' : 'confirmed_not_sent';
      const recorded = attempts.filter(
        (attempt) => attempt.provider === provider && (attempt.result === answer || attempt.resolution === meaning),
      ).length;
      return recorded >= given ? [] : [`${provider} answered ${given} time(s) clearly: ${answer}; its trace says so ${recorded} time(s)`];
    }),
  );
  const again = baselessResends(hits, isDoubtful);
  return [...misread, ...(again === 0 ? [] : [`sent again ${again} time(s) without a doubt about the request before`])];
}

/** Further sends of a message that came after one whose outcome was known. */
export function baselessResends(hits: readonly ProviderHit[], isDoubtful: (hit: ProviderHit) => boolean): number {
  const sent = hits.filter(mayBeSent).sort((a, b) => a.atMs - b.atMs);
  const known = sent.findIndex((hit) => !isDoubtful(hit));
  return known === -1 ? 0 : sent.length - 1 - known;
}
