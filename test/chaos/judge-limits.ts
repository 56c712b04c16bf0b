import { isInFlight } from '../../src/ledger/history/history.ts';
import { total } from '../support/system.ts';
import { redisClock } from './clock-record.ts';
import { mayBeSent } from './doubt.ts';
import { grouped, type History, type ProviderHit } from './history.ts';

/** A resend uses the slot that its message already holds, so that each message counts once, when it was first sent. */
export function capBreaches({ hits, caps, clock, erasedAtMs = Number.NEGATIVE_INFINITY }: History): string[] {
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
export function wrongDeadlines({ raised, histories, hits, clock, expiresAfterMs }: History, gone: ReadonlySet<string>): string[] {
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
    return (histories.get(alertId)?.messages ?? []).flatMap(({ id, state, expiresAt }) => {
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

export function unbalanced({ raised, scrapes, countersLost, histories }: History, gone: ReadonlySet<string>): string[] {
  const sum = (name: string) => total(scrapes as Map<string, number>[], name);
  const gauges = scrapes.flatMap((scrape) => scrape.get('sms_messages_in_flight') ?? []);
  if (gauges.length === 0) return ['books: no process showed them'];
  const inFlight = Math.max(...gauges);
  const onTheirWay = [...histories.values()].flatMap(({ messages }) => messages).filter(({ state }) => isInFlight(state)).length;
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

export function leaks({ raised, said }: History): string[] {
  const digits = new Set(raised.flatMap(({ phones }) => phones.map((phone) => phone.replace('+', ''))));
  const leaking = said.flatMap((text) => text.split('\n')).filter((line) => line.match(/\d{8,15}/g)?.some((run) => digits.has(run)));
  return leaking.length === 0 ? [] : [`leak: ${leaking.length} line(s) hold a phone number`];
}
