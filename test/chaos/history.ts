import type { AlertTrace, MessageTrace } from '../../src/ledger/trace.ts';
import { isOnItsWay } from '../../src/ledger/trace.ts';
import { total } from '../support/system.ts';
import { type ClockRecord, clockFaults, redisClock } from './clock-record.ts';
import { baselessClaims, baselessResends, doubtJudge, mayBeSent } from './doubt.ts';
import { type Fault, ineffective } from './faults.ts';

/** An alert that our door took: from then on it is ours to account for. */
export interface Raised {
  readonly alertId: string;
  /** E.164; one message each. */
  readonly phones: readonly string[];
  readonly onUnknown: 'resend' | 'hold';
  /** The door was first asked to take it. */
  readonly offeredAtMs: number;
  /** The door answered 202. */
  readonly takenAtMs: number;
}

/** One request to send a text, as it arrived at a provider. Times are epoch milliseconds of the observer. */
export interface ProviderHit {
  readonly messageId: string;
  /** By the words of the text; absent for a text that none of our alerts has. */
  readonly alertId?: string;
  readonly provider: string;
  /** The process that sent the request. */
  readonly process: string;
  readonly phone: string;
  readonly atMs: number;
  /** `silence`: the answer does not say whether the text went out. */
  readonly answer: 'accepted' | 'refused' | 'silence';
  /** The whole answer was on its way; absent when there was none, or the connection ended before it. */
  readonly answeredAtMs?: number;
  /** The connection ended before the whole answer was on its way. */
  readonly hungUpAtMs?: number;
}

/** What was seen from outside of a run that has come to rest. */
export interface History {
  readonly raised: readonly Raised[];
  readonly hits: readonly ProviderHit[];
  /** By alert id; none for an alert that is not stored. */
  readonly traces: ReadonlyMap<string, AlertTrace>;
  /** Why it is not at rest after all: a job that is still there may send again. */
  readonly restless?: string | undefined;
  /** Metrics of each process that still runs. */
  readonly scrapes: readonly ReadonlyMap<string, number>[];
  /** A process died, and what it had counted with it. */
  readonly countersLost: boolean;
  /** Processes that ended though the scenario did not end them. */
  readonly crashed: readonly string[];
  /** Everything that anybody may read: logs, metrics, traces. */
  readonly said: readonly string[];
  /** Of one phone. */
  readonly caps: readonly { readonly max: number; readonly perMs: number }[];
  /** From acceptance to the deadline of a message. */
  readonly expiresAfterMs: number;
  /** The deadline of one provider call. */
  readonly callTimeoutMs: number;
  readonly faults: readonly Fault[];
  readonly clock: ClockRecord;
  /** All of Redis' data was deleted, the last time at this moment: what was taken before may be gone. */
  readonly erasedAtMs?: number;
  /** Why a message may still wait at the end. */
  readonly mayWaitFor: readonly string[];
}

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
  readonly evidence: readonly { readonly hits: readonly Omit<ProviderHit, 'phone'>[]; readonly message?: MessageTrace | undefined }[];
}

/** Whether a history keeps the promises: nothing lost, nothing doubled in silence, no cap passed, no number told, books balanced. */
export function judgeHistory(history: History): Judgement {
  const byMessage = grouped(history.hits, ({ messageId }) => messageId);
  const isDoubtful = doubtJudge(history);
  const gone = new Set(history.raised.filter((raised) => isErased(raised, history)).map(({ alertId }) => alertId));
  const lost = history.raised.filter(({ alertId }) => !gone.has(alertId)).flatMap((raised) => lossesOf(raised, history, byMessage));
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
function isErased(raised: Raised, { traces, erasedAtMs }: History): boolean {
  if (erasedAtMs === undefined || raised.offeredAtMs > erasedAtMs) return false;
  const trace = traces.get(raised.alertId);
  if (trace === undefined || trace.outcome === 'pending') return true;
  return (
    trace.outcome === 'routed' && (trace.messages.length !== raised.phones.length || trace.messages.some(({ state }) => isOnItsWay(state)))
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

function lossesOf({ alertId, phones }: Raised, { traces, mayWaitFor }: History, byMessage: ReadonlyMap<string, ProviderHit[]>): string[] {
  const trace = traces.get(alertId);
  if (trace === undefined) return [`${alertId}: it is not stored`];
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
function capBreaches({ hits, caps, clock, erasedAtMs = Number.NEGATIVE_INFINITY }: History): string[] {
  const first = new Map<string, ProviderHit>();
  for (const hit of hits.filter(mayBeSent).sort((a, b) => a.atMs - b.atMs)) if (!first.has(hit.messageId)) first.set(hit.messageId, hit);
  // What was counted before the data was deleted is not known after it.
  const phones = grouped([...first.values()], ({ phone, atMs }) => `${phone} ${atMs > erasedAtMs}`);
  // Where Redis' clock steps, its windows move with it.
  const redisTimes = redisClock(clock);
  const timeOf = ({ atMs }: ProviderHit) => (clock.redisStepped ? (redisTimes(atMs).at(-1) ?? atMs) : atMs);
  return caps.flatMap(({ max, perMs }) =>
    [...phones.values()].flatMap((texts) => {
      const times = texts.map(timeOf).sort((a, b) => a - b);
      const over = times.filter((at, index) => index >= max && at - (times[index - max] as number) < perMs).length;
      return over === 0 ? [] : [`over the cap: ${over} text(s) to one phone beyond ${max} in ${perMs} ms`];
    }),
  );
}

/** Between the door's clock, Redis' and the observer's reading of it. */
const DEADLINE_TOLERANCE_MS = 5_000;

/** Deadlines are those of Redis' clock, whatever the clock of a process says. */
function wrongDeadlines({ raised, traces, hits, clock, expiresAfterMs }: History, gone: ReadonlySet<string>): string[] {
  const redisTimes = redisClock(clock);
  const end = redisTimes(clock.samples.at(-1)?.atMs ?? 0)[0];
  // That Redis' clock was never read is a fault of its own.
  if (end === undefined) return [];
  // Where Redis' clock steps, a deadline may be one of its time before the step or after it.
  const offsets = clock.samples.flatMap(({ atMs, redisMs }) => (redisMs === undefined ? [] : [redisMs - atMs]));
  const anyTimes = (atMs: number) => [Math.min(...offsets) + atMs, Math.max(...offsets) + atMs];
  const sentAt = grouped(hits, ({ messageId }) => messageId);
  return raised.flatMap(({ alertId, offeredAtMs, takenAtMs }) => {
    if (gone.has(alertId)) return [];
    const [earliest, latest] = clock.redisStepped
      ? [anyTimes(offeredAtMs), anyTimes(takenAtMs)]
      : [redisTimes(offeredAtMs), redisTimes(takenAtMs)];
    return (traces.get(alertId)?.messages ?? []).flatMap(({ id, state, expiresAt }) => {
      const deadline = Date.parse(expiresAt);
      const early = deadline < Math.min(...earliest) + expiresAfterMs - DEADLINE_TOLERANCE_MS;
      const late = deadline > Math.max(...latest) + expiresAfterMs + DEADLINE_TOLERANCE_MS;
      const sent = sentAt.get(id)?.some(({ atMs }) => Math.min(...redisTimes(atMs)) > deadline + DEADLINE_TOLERANCE_MS);
      return [
        ...(early || late ? [`deadline: that of ${id} is not ${expiresAfterMs} ms after its alert came, by Redis’ time`] : []),
        ...(state === 'expired' && end < deadline ? [`deadline: ${id} expired before it, by Redis’ time`] : []),
        ...(sent === true ? [`deadline: ${id} was sent after it, by Redis’ time`] : []),
      ];
    });
  });
}

function unbalanced({ raised, scrapes, countersLost, traces }: History, gone: ReadonlySet<string>): string[] {
  const sum = (name: string) => total(scrapes as Map<string, number>[], name);
  const gauges = scrapes.flatMap((scrape) => scrape.get('sms_messages_in_flight') ?? []);
  if (gauges.length === 0) return ['books: no process showed them'];
  const inFlight = Math.max(...gauges);
  const onTheirWay = [...traces.values()].flatMap(({ messages }) => messages).filter(({ state }) => isOnItsWay(state)).length;
  const [alerts, alertEnds] = [sum('sms_alerts_total'), sum('sms_alert_outcomes_total')];
  const [messages, messageEnds] = [sum('sms_messages_total'), sum('sms_message_outcomes_total')];
  // What was erased was counted when it came, and has no end.
  const isOff = (difference: number) => difference < 0 || difference > gone.size;
  return [
    ...(inFlight === onTheirWay ? [] : [`books: ${inFlight} in flight, by their traces ${onTheirWay}`]),
    ...(countersLost || alerts >= raised.length - gone.size ? [] : [`books: ${alerts} alerts, ${raised.length} were taken`]),
    ...(countersLost || !isOff(alerts - alertEnds) ? [] : [`books: ${alerts} alerts, ${alertEnds} outcomes`]),
    ...(countersLost || !isOff(messages - messageEnds - inFlight)
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
