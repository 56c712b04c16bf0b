import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { isInFlight } from '../../src/ledger/history/history.ts';
import { clockFaults } from './clock-record.ts';
import { baselessClaims, baselessResends, doubtJudge, mayBeSent } from './doubt.ts';
import { ineffective } from './faults.ts';
import { grouped, type History, type ProviderHit, type Raised } from './history.ts';
import { capBreaches, leaks, unbalanced, wrongDeadlines } from './judge-limits.ts';

export interface Judgement {
  readonly accepted: number;
  readonly hits: number;
  readonly lost: number;
  /** Alerts that went with Redis' data before they were sent. */
  readonly erased: number;
  readonly silentDuplicates: number;
  readonly visibleDuplicates: number;
  readonly unknown: number;
  /** Each promise that was broken, in words; none: all were kept. */
  readonly broken: readonly string[];
  /** What is known of each message that a broken promise names. */
  readonly evidence: readonly { readonly hits: readonly Omit<ProviderHit, 'phone'>[]; readonly message?: MessageHistory | undefined }[];
}

/** Whether a history keeps the promises: nothing lost, nothing doubled in silence, no cap passed, no number told, books balanced. */
export function judgeHistory(history: History): Judgement {
  const byMessage = grouped(history.hits, ({ messageId }) => messageId);
  const isDoubtful = doubtJudge(history);
  const gone = new Set(history.raised.filter((raised) => isErased(raised, history)).map(({ alertId }) => alertId));
  const lost = history.raised.filter(({ alertId }) => !gone.has(alertId)).flatMap((raised) => lossesOf(raised, history, byMessage));
  const known = new Map(
    history.raised.flatMap((raised) =>
      (history.histories.get(raised.alertId)?.messages ?? []).map((message) => [message.id, { raised, message }]),
    ),
  );

  const silent: string[] = [];
  const wrong: string[] = [];
  let visibleDuplicates = 0;
  for (const [id, hits] of byMessage) {
    const { raised, message } = known.get(id) ?? {};
    if (raised !== undefined && gone.has(raised.alertId)) continue;
    if (raised === undefined || message === undefined) {
      if (!hits.every(({ alertId = '' }) => gone.has(alertId)))
        silent.push(`${id}: a provider got it, no trace of a raised alert holds it`);
      continue;
    }
    const unaccounted = unaccountedHits(hits, message);
    if (unaccounted > 0) silent.push(`${id}: ${unaccounted} of ${hits.length} request(s) that its trace does not account for`);
    const again = hits.filter(mayBeSent).length - 1 - unaccounted;
    if (again > 0) visibleDuplicates += again;
    if (again > (raised.onUnknown === 'resend' ? 1 : 0))
      wrong.push(`${id}: sent ${again} time(s) more, its route says ${raised.onUnknown}`);
    if (message.attempts.some(({ code }) => code === 'adapter_bug'))
      wrong.push(`${id}: an exception of ours was taken for a provider's answer`);
    if (isCalledUnsent(message) && hits.some(({ answer }) => answer === 'accepted')) {
      wrong.push(`${id}: ${message.state}, though ${message.attempts.at(-1)?.provider ?? 'a provider'} accepted it`);
    }
    wrong.push(...baselessClaims(hits, message, isDoubtful).map((what) => `${id}: ${what}`));
  }
  for (const alertId of gone) {
    const hits = history.hits.filter((hit) => hit.alertId === alertId);
    const again = [...grouped(hits, ({ phone }) => phone).values()].reduce((sum, some) => sum + baselessResends(some, isDoubtful), 0);
    if (again > 0) silent.push(`${alertId}: erased, and ${again} request(s) more than one for a phone`);
  }

  const broken = [
    ...ineffective(history.faults),
    ...clockFaults(history.clock),
    ...history.crashed.map((what) => `crashed: ${what}`),
    ...lost.map((what) => `lost: ${what}`),
    ...[...silent, ...twins(history)].map((what) => `silent duplicate: ${what}`),
    ...wrong,
    ...strangers(history),
    ...(history.restless === undefined ? [] : [`not at rest: ${history.restless}`]),
    ...capBreaches(history),
    ...wrongDeadlines(history, gone),
    ...unbalanced(history, gone),
    ...leaks(history),
  ];
  return {
    accepted: history.raised.length,
    hits: history.hits.length,
    lost: lost.length,
    erased: [...gone].filter((alertId) => !history.hits.some((hit) => hit.alertId === alertId && hit.answer === 'accepted')).length,
    silentDuplicates: silent.length + twins(history).length,
    visibleDuplicates,
    unknown: [...known.values()].filter(({ message }) => message.state === 'unknown').length,
    broken,
    evidence: [...new Set(broken.flatMap((what) => what.match(/\bm-[\w-]+/g) ?? []))].map((id) => ({
      hits: (byMessage.get(id) ?? []).map(({ phone: _, ...hit }) => hit),
      message: known.get(id)?.message,
    })),
  };
}

/** Deleting Redis' data excuses what was offered before it, and only what is not whole any more. */
function isErased(raised: Raised, { histories, erasedAtMs }: History): boolean {
  if (erasedAtMs === undefined || raised.offeredAtMs > erasedAtMs) return false;
  const trace = histories.get(raised.alertId);
  if (trace === undefined || trace.outcome === 'pending') return true;
  return (
    trace.outcome === 'routed' && (trace.messages.length !== raised.phones.length || trace.messages.some(({ state }) => isInFlight(state)))
  );
}

/** Two messages of one alert to one phone. */
function twins({ hits }: History): string[] {
  const alerts = grouped(
    hits.filter((hit) => hit.alertId !== undefined && mayBeSent(hit)),
    ({ alertId, phone }) => `${alertId} ${phone}`,
  );
  return [...alerts.values()].flatMap((some) => {
    const ids = new Set(some.map(({ messageId }) => messageId));
    return ids.size === 1 ? [] : [`${some[0]?.alertId}: ${ids.size} messages to one of its phones`];
  });
}

/** Texts to a phone that their alert does not name, or with words that no alert has. */
function strangers({ raised, hits }: History): string[] {
  const phones = new Map(raised.map((one) => [one.alertId, one.phones]));
  const wrong = hits.filter(({ alertId = '', phone }) => phones.get(alertId)?.includes(phone) !== true);
  return wrong.map(({ messageId }) => `wrong phone: ${messageId} went to a phone that its alert does not name`);
}

function lossesOf(
  { alertId, phones }: Raised,
  { histories, mayWaitFor }: History,
  byMessage: ReadonlyMap<string, ProviderHit[]>,
): string[] {
  const trace = histories.get(alertId);
  if (trace === undefined) return [`${alertId}: it is not stored`];
  if (trace.outcome === 'pending') return [`${alertId}: no outcome`];
  if (trace.outcome !== 'routed') return [];
  const missing = phones.length - trace.messages.length;
  return [
    ...(missing === 0 ? [] : [`${alertId}: ${trace.messages.length} message(s) for ${phones.length} phone(s)`]),
    ...trace.messages.flatMap((message) => {
      const waits = message.state === 'deferred' && mayWaitFor.includes(message.reason ?? '');
      if (isInFlight(message.state)) return waits ? [] : [`${message.id}: still ${message.state} (${message.reason ?? 'no reason'})`];
      if (message.state !== 'accepted') return [];
      const taken = byMessage.get(message.id)?.some((hit) => hit.provider === message.provider && hit.answer === 'accepted');
      return taken === true ? [] : [`${message.id}: accepted, but ${message.provider ?? 'no provider'} never said so`];
    }),
  ];
}

/** Requests that are no attempt in the trace, and further sends that no doubt about an earlier one explains. */
function unaccountedHits(hits: readonly ProviderHit[], { attempts, events }: MessageHistory): number {
  const providers = new Set(hits.map(({ provider }) => provider));
  const untold = [...providers].map((name) => {
    const told = attempts.filter(({ provider }) => provider === name).length;
    return Math.max(0, hits.filter(({ provider }) => provider === name).length - told);
  });
  const resends = events.filter(({ verdict }) => verdict === 'resend').length;
  // One whose sender told later after all how it went shows in the events only.
  const doubts = Math.max(attempts.filter(({ result }) => result === 'unknown').length, resends);
  const unexplained = Math.max(0, hits.filter(mayBeSent).length - 1 - doubts);
  return Math.max(
    untold.reduce((sum, count) => sum + count, 0),
    unexplained,
  );
}

function isCalledUnsent({ state }: MessageHistory): boolean {
  return ['failed', 'expired', 'suppressed', 'cancelled'].includes(state);
}
