import { expect, it } from 'vitest';
import { alertIdOfJob } from '../../src/alert/id.ts';
import { testRedis } from '../support/redis.ts';
import { launch, post, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type Books, scrapedBooks, sum, tracedBooks } from './bookkeeping.ts';
import { rest } from './rest.ts';

const { url: redisUrl, prefix, redis } = testRedis();

const rounds = [0, 1, 2];
const ROUNDS = rounds.length;

const config = `
providers:
  sim-a: { type: simulated, timeout: 1500ms, latency: 20ms }
  sim-b: { type: simulated, timeout: 1500ms }
  sim-my: { type: simulated, countries: ["60"] }
routes:
  - { name: short, match: { labels: { way: short } }, expiresAfter: 5s, overflow: defer, providers: [sim-a] }
  - { name: pair, match: { labels: { way: pair } }, expiresAfter: 5s, overflow: defer, providers: [sim-a, sim-b] }
  - { name: resend, match: { labels: { way: resend } }, overflow: defer, providers: [sim-a, sim-b] }
  - { name: hold, match: { labels: { way: hold } }, onUnknown: hold, overflow: defer, providers: [sim-a] }
  - { name: drop, match: { labels: { way: drop } }, overflow: drop, providers: [sim-b] }
  - { name: home, match: { labels: { way: home } }, overflow: defer, providers: [sim-my] }
  - { name: default, overflow: defer, providers: [sim-a] }
caps: { perRecipient: [{ max: 3, per: 1h }], perHour: off }
contacts:
  alice: { phone: "+60129990008", consent: true }
  mute: { phone: "+60129990009" }
groups: { oncall: [alice, mute] }
worker: { concurrency: 8 }
redis: { prefix: "${prefix}" }
`;

/** Ends of one round's messages; two more stay in flight, held back by the cap. */
const MESSAGE_ENDS: Books = {
  'sms_message_outcomes_total{state="accepted",reason="none",severity="critical"}': 17,
  'sms_message_outcomes_total{state="accepted",reason="none",severity="info"}': 1,
  'sms_message_outcomes_total{state="expired",reason="expired",severity="critical"}': 6,
  'sms_message_outcomes_total{state="unknown",reason="unknown_outcome",severity="critical"}': 2,
  'sms_message_outcomes_total{state="failed",reason="recipient",severity="critical"}': 2,
  'sms_message_outcomes_total{state="cancelled",reason="resolved",severity="critical"}': 1,
  'sms_message_outcomes_total{state="suppressed",reason="rate_cap_recipient",severity="critical"}': 2,
  'sms_message_outcomes_total{state="suppressed",reason="no_consent",severity="critical"}': 1,
  'sms_message_outcomes_total{state="suppressed",reason="country_not_allowed",severity="critical"}': 1,
};
const HELD_BACK = 2;

const ALERT_ENDS: Books = {
  'sms_alert_outcomes_total{outcome="routed",reason="none"}': 32,
  'sms_alert_outcomes_total{outcome="suppressed",reason="below_severity"}': 2,
  'sms_alert_outcomes_total{outcome="suppressed",reason="duplicate"}': 1,
  'sms_alert_outcomes_total{outcome="suppressed",reason="expired"}': 1,
  'sms_alert_outcomes_total{outcome="suppressed",reason="resolved"}': 2,
  'sms_alert_outcomes_total{outcome="malformed",reason="malformed"}': 1,
};

/** A number of this round that ends in what the simulated provider goes by. */
const phone = (round: number, nth: number, ending: string) => `+6012${round}${String(nth).padStart(2, '0')}${ending}`;

function firstWave(round: number): object[] {
  const times = (count: number, alert: object) =>
    Array.from({ length: count }, (_, nth) => ({ ...alert, text: `time ${nth}`, instance: `r${round}` }));
  const way = (name: string) => ({ labels: { way: name, round: String(round) } });
  const alerts = [
    { to: phone(round, 1, '0001') },
    { to: phone(round, 2, '0002') },
    { to: phone(round, 3, '0003') },
    { to: phone(round, 4, '0006') },
    { to: phone(round, 5, '0004'), ...way('short') },
    { to: phone(round, 6, '0007'), ...way('short') },
    { to: phone(round, 7, '0007'), ...way('pair') },
    { to: phone(round, 8, '0005'), ...way('hold') },
    { to: phone(round, 9, '0005'), ...way('resend') },
    { to: phone(round, 10, '0004'), dedupKey: `waits-${round}` },
    { to: phone(round, 11, '0008'), severity: 'warning' },
    { to: phone(round, 11, '0008'), severity: 'error' },
    { to: phone(round, 12, '0008'), severity: 'info', purpose: 'verification' },
    { to: phone(round, 13, '0008'), id: `twin-${round}` },
    { to: phone(round, 13, '0008'), id: `twin-${round}` },
    { to: phone(round, 14, '0008'), dedupKey: `trouble-${round}` },
    { to: phone(round, 14, '0008'), dedupKey: `trouble-${round}` },
    ...times(5, { to: phone(round, 15, '0008') }),
    ...times(5, { to: phone(round, 16, '0008'), ...way('drop') }),
    ...times(3, { to: phone(round, 17, '0008'), source: 'spends the cap' }),
    { to: 'group:oncall' },
    { to: '+12025550123', ...way('home') },
    { to: [phone(round, 18, '0008'), phone(round, 19, '0006'), phone(round, 20, '0008')] },
    { to: phone(round, 21, '0008'), expiresAt: '2020-01-01T00:00:00Z' },
    { status: 'resolved', dedupKey: `nothing-${round}` },
  ];
  // What is told apart by nothing else is told apart by its text.
  return alerts.map((alert, nth) => ({ severity: 'critical', id: `a-${round}.${nth}`, text: `${round}.${nth}`, ...alert }));
}

/** Ends the wait of a throttled text, and finds a phone whose cap is used up. */
function secondWave(round: number): object[] {
  return [{ severity: 'critical', status: 'resolved', dedupKey: `waits-${round}` }, tooMuch(round, 1), tooMuch(round, 2)];
}

function tooMuch(round: number, nth: number) {
  return { severity: 'critical', to: phone(round, 17, '0008'), text: `too much ${nth}`, instance: `r${round}`, labels: { way: 'short' } };
}

/** Jobs as a hand may write them; gives the ids of their traces. */
async function addMalformedJobs(): Promise<string[]> {
  const jobs = {
    'not-json': { data: '{"severity": "crit', opts: '{}' },
    'not-an-alert': { data: '{"id": "wrong", "severity": "urgent"}', opts: '{}' },
    'not-options': { data: '{"severity": "critical", "to": "+60121230008", "text": "x"}', opts: '{"attempts": ' },
  };
  const key = (part: string) => `${prefix}:sms-alerts:${part}`;
  const timestamp = Date.now();
  for (const [id, fields] of Object.entries(jobs)) {
    await redis
      .multi()
      .hset(key(id), { name: 'alert', timestamp, delay: 0, priority: 0, ...fields })
      .lpush(key('wait'), id)
      .zadd(key('marker'), 0, '0')
      .exec();
  }
  const derived = (jobId: string) => alertIdOfJob({ jobId, timestamp, data: undefined });
  return [derived('not-json'), 'wrong', derived('not-options')];
}

it('every alert and every text is in the books once, and they say what the traces say', { timeout: 480_000 }, async () => {
  const kinds = ['receiver', 'router', 'dispatcher', 'dispatcher'] as const;
  const urls = (await Promise.all(kinds.map((kind) => launch({ kind, config, redisUrl })))).map(({ url }) => url);
  const door = urls[0] as string;
  const ids = new Set(await addMalformedJobs());
  const raise = async (alerts: readonly object[]) => {
    const raised = await post(door, alerts);
    for (const id of raised) ids.add(id);
    return raised;
  };
  const histories = () => Promise.all([...ids].map((id) => trace(door, id)));

  await raise(rounds.flatMap(firstWave));
  await until(
    async () => {
      const all = await histories();
      const states = all.flatMap(({ messages }) => messages.map(({ state }) => state));
      const open = states.filter((state) => ['queued', 'sending', 'deferred'].includes(state));
      if (all.some(({ outcome }) => outcome === 'pending') || open.length !== (HELD_BACK + 1) * ROUNDS) throw new Error(states.join(' '));
      return true;
    },
    40_000,
    200,
  );
  await raise(rounds.flatMap(secondWave));
  await rest(door, { deferred: HELD_BACK * ROUNDS });

  // Who says it all again, as senders do that had no answer, changes nothing; not even while a cap is known to be full.
  for (const id of await raise(rounds.map((round) => tooMuch(round, 3)))) await settled(door, id, ['deferred', 'expired']);
  await raise(rounds.flatMap(firstWave));
  await rest(door, { deferred: HELD_BACK * ROUNDS });

  const books = await scrapedBooks(urls);
  expect(books).toEqual(tracedBooks(await histories()));
  expect(books).toMatchObject(times(MESSAGE_ENDS, ROUNDS));
  expect(books).toMatchObject(times(ALERT_ENDS, ROUNDS));
  expect(sum(books, 'sms_alerts_total')).toBe(ids.size);
  expect(sum(books, 'sms_alerts_total')).toBe(sum(books, 'sms_alert_outcomes_total'));
  expect(sum(books, 'sms_messages_in_flight')).toBe(HELD_BACK * ROUNDS);
  expect(sum(books, 'sms_messages_total')).toBe(sum(books, 'sms_message_outcomes_total') + sum(books, 'sms_messages_in_flight'));
});

function times(books: Books, factor: number): Books {
  return Object.fromEntries(Object.entries(books).map(([series, value]) => [series, value * factor]));
}
