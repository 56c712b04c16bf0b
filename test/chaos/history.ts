import type { AlertTrace, MessageTrace } from '../../src/ledger/trace.ts';
import { isOnItsWay } from '../../src/ledger/trace.ts';
import { total } from '../support/system.ts';

/** An alert that our door took: from then on it is ours to account for. */
export interface Raised {
  readonly alertId: string;
  /** E.164; one message each. */
  readonly phones: readonly string[];
  readonly onUnknown: 'resend' | 'hold';
}

/** One request to send a text, as it arrived at a provider. */
export interface ProviderHit {
  readonly messageId: string;
  readonly provider: string;
  readonly phone: string;
  readonly atMs: number;
  /** `silence`: nobody can say from the answer whether the text went out. */
  readonly answer: 'accepted' | 'refused' | 'silence';
}

/** What was seen from outside of a run that has come to rest. */
export interface History {
  readonly raised: readonly Raised[];
  readonly hits: readonly ProviderHit[];
  /** By alert id; none for an alert that nobody remembers. */
  readonly traces: ReadonlyMap<string, AlertTrace>;
  /** Why it is not at rest after all: a job that is still there may send again. */
  readonly restless?: string | undefined;
  /** Metrics of each process that still runs. */
  readonly scrapes: readonly ReadonlyMap<string, number>[];
  /** A process died, and what it had counted with it. */
  readonly countersLost: boolean;
  /** Everything that anybody may read: logs, metrics, traces. */
  readonly said: readonly string[];
  /** Of one phone. */
  readonly caps: readonly { readonly max: number; readonly perMs: number }[];
  /** Why a message may still wait at the end. */
  readonly mayWaitFor: readonly string[];
}

export interface Judgement {
  readonly accepted: number;
  readonly hits: number;
  readonly lost: number;
  readonly silentDuplicates: number;
  readonly visibleDuplicates: number;
  readonly unknown: number;
  /** Each promise that was broken, in words; none: all were kept. */
  readonly broken: readonly string[];
  /** What is known of each message that a broken promise names. */
  readonly evidence: readonly { readonly hits: readonly Omit<ProviderHit, 'phone'>[]; readonly message?: MessageTrace | undefined }[];
}

/** Whether a history keeps the promises: nothing lost, nothing doubled in silence, no cap passed, no number told, books balanced. */
export function judgeHistory(history: History): Judgement {
  const byMessage = grouped(history.hits, ({ messageId }) => messageId);
  const lost = history.raised.flatMap((raised) => lossesOf(raised, history, byMessage));
  const known = new Map(
    history.raised.flatMap((raised) =>
      (history.traces.get(raised.alertId)?.messages ?? []).map((message) => [message.id, { raised, message }]),
    ),
  );

  const silent: string[] = [];
  const wrong: string[] = [];
  let visibleDuplicates = 0;
  for (const [id, hits] of byMessage) {
    const { raised, message } = known.get(id) ?? {};
    if (raised === undefined || message === undefined) {
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
  }

  const broken = [
    ...lost.map((what) => `lost: ${what}`),
    ...silent.map((what) => `silent duplicate: ${what}`),
    ...wrong,
    ...(history.restless === undefined ? [] : [`not at rest: ${history.restless}`]),
    ...capBreaches(history),
    ...unbalanced(history),
    ...leaks(history),
  ];
  return {
    accepted: history.raised.length,
    hits: history.hits.length,
    lost: lost.length,
    silentDuplicates: silent.length,
    visibleDuplicates,
    unknown: [...known.values()].filter(({ message }) => message.state === 'unknown').length,
    broken,
    evidence: [...new Set(broken.flatMap((what) => what.match(/\bm-[\w-]+/g) ?? []))].map((id) => ({
      hits: (byMessage.get(id) ?? []).map(({ phone: _, ...hit }) => hit),
      message: known.get(id)?.message,
    })),
  };
}

function lossesOf({ alertId, phones }: Raised, { traces, mayWaitFor }: History, byMessage: ReadonlyMap<string, ProviderHit[]>): string[] {
  const trace = traces.get(alertId);
  if (trace === undefined) return [`${alertId}: nobody remembers it`];
  if (trace.outcome === 'pending') return [`${alertId}: no outcome`];
  if (trace.outcome !== 'routed') return [];
  const missing = phones.length - trace.messages.length;
  return [
    ...(missing === 0 ? [] : [`${alertId}: ${trace.messages.length} message(s) for ${phones.length} phone(s)`]),
    ...trace.messages.flatMap((message) => {
      const waits = message.state === 'deferred' && mayWaitFor.includes(message.reason ?? '');
      if (isOnItsWay(message.state)) return waits ? [] : [`${message.id}: still ${message.state} (${message.reason ?? 'no reason'})`];
      if (message.state !== 'accepted') return [];
      const taken = byMessage.get(message.id)?.some((hit) => hit.provider === message.provider && hit.answer === 'accepted');
      return taken === true ? [] : [`${message.id}: accepted, but ${message.provider ?? 'no provider'} never said so`];
    }),
  ];
}

/** A refused request puts no text on a phone. */
function mayBeSent({ answer }: ProviderHit): boolean {
  return answer !== 'refused';
}

/** Requests that are no attempt in the trace, and further sends that no doubt about an earlier one explains. */
function unaccountedHits(hits: readonly ProviderHit[], { attempts, events }: MessageTrace): number {
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

function isCalledUnsent({ state }: MessageTrace): boolean {
  return ['failed', 'expired', 'suppressed', 'cancelled'].includes(state);
}

/** A resend uses the slot that its message already holds, so that each message counts once, when it was first sent. */
function capBreaches({ hits, caps }: History): string[] {
  const first = new Map<string, ProviderHit>();
  for (const hit of hits) if (mayBeSent(hit) && !first.has(hit.messageId)) first.set(hit.messageId, hit);
  const phones = grouped([...first.values()], ({ phone }) => phone);
  return caps.flatMap(({ max, perMs }) =>
    [...phones.values()].flatMap((texts) => {
      const times = texts.map(({ atMs }) => atMs).sort((a, b) => a - b);
      const over = times.filter((at, index) => index >= max && at - (times[index - max] as number) < perMs).length;
      return over === 0 ? [] : [`over the cap: ${over} text(s) to one phone beyond ${max} in ${perMs} ms`];
    }),
  );
}

function unbalanced({ scrapes, countersLost, traces }: History): string[] {
  const sum = (name: string) => total(scrapes as Map<string, number>[], name);
  const inFlight = Math.max(...scrapes.map((scrape) => scrape.get('sms_messages_in_flight') ?? 0), 0);
  const onTheirWay = [...traces.values()].flatMap(({ messages }) => messages).filter(({ state }) => isOnItsWay(state)).length;
  const [alerts, alertEnds] = [sum('sms_alerts_total'), sum('sms_alert_outcomes_total')];
  const [messages, messageEnds] = [sum('sms_messages_total'), sum('sms_message_outcomes_total')];
  return [
    ...(inFlight === onTheirWay ? [] : [`books: ${inFlight} in flight, by their traces ${onTheirWay}`]),
    ...(countersLost || alerts === alertEnds ? [] : [`books: ${alerts} alerts, ${alertEnds} outcomes`]),
    ...(countersLost || messages === messageEnds + inFlight
      ? []
      : [`books: ${messages} messages, ${messageEnds} outcomes and ${inFlight} in flight`]),
  ];
}

function leaks({ raised, said }: History): string[] {
  const digits = new Set(raised.flatMap(({ phones }) => phones.map((phone) => phone.replace('+', ''))));
  const leaking = said.flatMap((text) => text.split('\n')).filter((line) => line.match(/\d{8,15}/g)?.some((run) => digits.has(run)));
  return leaking.length === 0 ? [] : [`leak: ${leaking.length} line(s) hold a phone number`];
}

function grouped<T>(list: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
