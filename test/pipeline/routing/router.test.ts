import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ackCodesOf } from '../../../src/alert/ack-code.ts';
import type { AlertInput } from '../../../src/alert/alert.ts';
import { hash, messageId } from '../../../src/alert/id.ts';
import { Unreadable } from '../../../src/alert/parse/parse-alert.ts';
import { type E164, phoneHash } from '../../../src/alert/phone/phone.ts';
import { severityTable } from '../../../src/alert/severity.ts';
import type { Config } from '../../../src/config/config.ts';
import type { AlertHistory } from '../../../src/ledger/history/history.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import type { RawAlert } from '../../../src/pipeline/routing/alert-subject.ts';
import type { KnownFull } from '../../../src/pipeline/routing/plan-message.ts';
import { createAlertRouter, type Routed, type RouterDeps } from '../../../src/pipeline/routing/router.ts';
import type { Route } from '../../../src/policy/route.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { attemptRequest } from '../../support/fixtures/ledger.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const { redis, prefix } = testRedis();
const START = Date.parse('2026-11-20T03:00:00Z');
const HOUR_MS = 3_600_000;
const ALICE = '+60123456789' as E164;
const BOB = '+60123456788' as E164;
const CAROL = '+60123456787' as E164;

/** The router looks at the providers' names alone. */
const providers = new Map(['twilio-main', 'sns'].map((name) => [name, {}])) as unknown as Config['providers'];
const route = (over: Partial<Route> = {}): Route => ({
  name: 'default',
  match: {},
  providers: ['sns'],
  expiresAfterMs: HOUR_MS,
  overflow: 'defer',
  ...over,
});
const config = (over: Partial<RouterDeps['config']> = {}): RouterDeps['config'] => ({
  providers,
  routes: [route()],
  contacts: new Map([
    ['alice', { phone: ALICE, consent: true }],
    ['bob', { phone: BOB, consent: true }],
    ['carol', { phone: CAROL, consent: false }],
  ]),
  groups: new Map([
    ['oncall', ['alice', 'bob']],
    ['nobody', []],
  ]),
  rotations: new Map(),
  countries: undefined,
  quietHours: undefined,
  templates: new Map([['full', { text: 'Disk {disk} is full' }]]),
  defaultCountry: undefined,
  ...over,
});

function createSetup() {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = createSettableClock(START);
  const ledger = createLedger(redis, keys);
  const histories = createHistories(redis, keys);
  const recording = createRecordingObserver();
  let jobs = 0;
  const run = (raw: RawAlert, deps: Partial<RouterDeps> = {}): Promise<Routed> =>
    createAlertRouter({
      config: config(),
      knownFull: () => undefined,
      ledger,
      observer: recording.observer,
      clock,
      onEscalating: () => undefined,
      onOtherContent: () => undefined,
      ...deps,
    })(raw, new AbortController().signal);
  const raw = (data: unknown): RawAlert => {
    jobs += 1;
    return { jobId: `job-${jobs}`, data, timestamp: clock.at };
  };
  return {
    ...recording,
    clock,
    ledger,
    run,
    raw,
    take: (data: unknown, deps?: Partial<RouterDeps>) => run(raw(data), deps),
    async trace(id: string): Promise<AlertHistory> {
      const trace = await histories.alert(id);
      if (trace === undefined) throw new Error(`no trace of ${id}`);
      return trace;
    },
  };
}

let setup: ReturnType<typeof createSetup>;
beforeEach(() => {
  setup = createSetup();
});

const alert = (over: Partial<AlertInput> = {}): AlertInput => ({
  id: 'a1',
  severity: 'critical',
  to: ALICE,
  text: 'Disk full',
  dedupKey: 'db/disk',
  ...over,
});
const stepsOf = (routed: Routed) => {
  if (routed.kind !== 'routed') throw new Error(`${routed.kind}, not routed`);
  return routed.steps;
};
const story = ({ events }: { events: AlertHistory['events'] }) => events.map(({ stage, verdict }) => `${stage} ${verdict}`);
const settled = () => setup.heard('alertSettled');

describe('an alert that sends messages', () => {
  test('becomes one message a phone, written down before any job exists, and is counted', async () => {
    const steps = stepsOf(await setup.take(alert({ to: ['group:oncall', ALICE] })));
    expect(steps.map(({ job, message }) => [job, message.to, message.id])).toEqual([
      ['now', ALICE, messageId('a1', ALICE)],
      ['now', BOB, messageId('a1', BOB)],
    ]);
    expect(steps[0]?.message).toMatchObject({
      alertId: 'a1',
      text: 'CRITICAL: Disk full',
      contact: 'alice',
      route: 'default',
      providers: ['sns'],
      receivedAt: START,
      expiresAt: START + HOUR_MS,
      onUnknown: 'resend',
    });
    const trace = await setup.trace('a1');
    expect(trace).toMatchObject({ outcome: 'routed', reason: null, severity: 'critical', dedupKey: 'db/disk' });
    expect(story(trace)).toEqual(['route pass', 'expiry-gate pass', 'severity-gate pass', 'recipients pass', 'dedupe-gate pass']);
    expect(trace.messages.map(({ state, contact }) => [state, contact])).toEqual([
      ['queued', 'alice'],
      ['queued', 'bob'],
    ]);
    expect(setup.told).toEqual([
      ['alertReceived', { severity: 'critical', purpose: 'alert' }],
      ['alertSettled', { outcome: 'routed', reason: 'none' }],
      ['messagesCreated', 'critical', 2],
    ]);
    expect(await setup.ledger.inFlight()).toBe(2);
  });

  test('takes its id from its job where it has none, so that a re-run is the same alert', async () => {
    const { id: _, ...nameless } = alert();
    const raw = setup.raw(nameless);
    const [first] = stepsOf(await setup.run(raw));
    const [again] = stepsOf(await setup.run(raw));
    expect(first?.message.id).toBe(again?.message.id);
    expect(settled()).toHaveLength(1);
    expect(stepsOf(await setup.take({ ...nameless, dedupKey: 'other' }))[0]?.message.id).not.toBe(first?.message.id);
  });

  test('goes to every provider in the order of the file where no route matches', async () => {
    const routes = [route({ match: { purpose: 'verification' } })];
    const [step] = stepsOf(await setup.take(alert(), { config: config({ routes }) }));
    expect(step?.message).toMatchObject({
      route: 'none',
      providers: ['twilio-main', 'sns'],
      expiresAt: START + HOUR_MS,
      overflow: 'digest',
    });
  });

  test('names contacts without consent, and sends to the others', async () => {
    const steps = stepsOf(await setup.take(alert({ to: ['contact:carol', 'contact:alice'] })));
    expect(steps.map(({ job }) => job)).toEqual([undefined, 'now']);
    expect((await setup.trace('a1')).messages.map(({ state, reason }) => [state, reason])).toEqual([
      ['suppressed', 'no_consent'],
      ['queued', null],
    ]);
    expect(setup.heard('messagesCreated')).toEqual([['critical', 2]]);
    expect(setup.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'no_consent', severity: 'critical' }]);
    expect(await setup.ledger.inFlight()).toBe(1);
  });

  test('finds the contact that was on call at its arrival, although a handover lies between two runs', async () => {
    const handover = START + 60_000;
    const overrides = [
      { from: START, to: handover, contacts: ['alice'] },
      { from: handover, to: handover + HOUR_MS, contacts: ['bob'] },
    ];
    const deps = { config: config({ rotations: new Map([['primary', { timeZone: 'UTC', shifts: [], overrides }]]) }) };
    const raw = setup.raw(alert({ to: ['rotation:primary'] }));
    const first = stepsOf(await setup.run(raw, deps));
    setup.clock.at = handover;
    const again = stepsOf(await setup.run(raw, deps));
    expect([...first, ...again].map(({ message }) => message.to)).toEqual([ALICE, ALICE]);

    const next = stepsOf(await setup.take(alert({ id: 'a2', dedupKey: 'other', to: ['rotation:primary'] }), deps));
    expect(next.map(({ message }) => message.to)).toEqual([BOB]);
  });

  test('answers the same steps after a crash before its jobs were made, for jobs that ask the ledger, and counts nothing again', async () => {
    const raw = setup.raw(alert({ to: ['contact:alice', 'contact:carol'] }));
    const first = stepsOf(await setup.run(raw));
    const before = setup.told.length;
    setup.clock.at += 1000;
    const again = stepsOf(await setup.run(raw));
    expect(again.map(({ message }) => message)).toEqual(first.map(({ message }) => message));
    expect(again.map(({ job }) => job)).toEqual(['again', 'again']);
    expect(setup.told).toHaveLength(before);
    expect(await setup.ledger.inFlight()).toBe(1);
  });
});

describe('an alert of another language or system', () => {
  test('is read with fields that hold nothing, numbers among labels and a severity word of the config', async () => {
    const written = { ...alert(), severity: 'Scary', source: null, instance: '', labels: { replicas: 3, ready: false }, expiresAt: null };
    const severityWords = severityTable({ scary: 'critical' });
    const [step] = stepsOf(await setup.take(written, { config: config({ severityWords }) }));
    expect(step?.message).toMatchObject({ text: 'CRITICAL: Disk full', expiresAt: START + HOUR_MS });
    await setup.take({ ...written, id: 'a2' });
    expect((await setup.trace('a2')).events.at(-1)?.detail).toMatch(/^severity: unknown severity "Scary": use critical \(/);
  });

  test('begins its history with the remarks of its door, numbers masked', async () => {
    await setup.take(alert({ remarks: ['unknown severity "scary": read as critical', 'odd +60123456789'] }));
    const [first, second] = (await setup.trace('a1')).events;
    expect(first).toMatchObject({ stage: 'parse', verdict: 'warning', detail: 'unknown severity "scary": read as critical' });
    expect(second).toMatchObject({ verdict: 'warning', detail: 'odd +60*******789' });
  });
});

describe('an alert that cannot be read', () => {
  test.each<[name: string, data: unknown, reason: string | RegExp]>([
    ['with an unknown contact', alert({ to: ['contact:alice', 'contact:mallory'] }), 'to[1]: no contact named "mallory" in the config'],
    ['with an unknown group', alert({ to: 'group:none' }), 'to[0]: no group named "none" in the config'],
    ['with an unknown template', { ...alert(), text: undefined, template: { name: 'none' } }, /template\.name: no template named "none"/],
    ['with a key of no meaning', { ...alert(), txt: 'x' }, /txt: unknown key/],
    ['that is no object', 'fire!', /./],
    ['that is not JSON', new Unreadable('Unexpected token'), 'Unexpected token'],
  ])('%s is malformed, with the fault', async (_name, data, reason) => {
    expect(await setup.take(data)).toEqual({
      kind: 'malformed',
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
    });
    expect(setup.told).toEqual([
      ['alertReceived', expect.objectContaining({ severity: 'unknown', purpose: 'unknown' })],
      ['alertSettled', expect.objectContaining({ outcome: 'malformed', reason: 'malformed' })],
    ]);
  });

  test('can be looked up by its id, and be fixed and sent again under it', async () => {
    await setup.take(alert({ to: 'contact:mallory' }));
    expect(await setup.trace('a1')).toMatchObject({
      outcome: 'malformed',
      reason: 'malformed',
      events: [{ stage: 'parse', detail: 'to[0]: no contact named "mallory" in the config' }],
    });
    expect((await setup.take(alert())).kind).toBe('routed');
    expect((await setup.trace('a1')).outcome).toBe('routed');
  });
});

describe('the gates', () => {
  const late = { expiresAt: new Date(START).toISOString() };

  test.each<[name: string, over: Partial<AlertInput>, reason: string, story: string[]]>([
    ['its deadline, before its severity', { ...late, severity: 'info' }, 'expired', ['route pass', 'expiry-gate suppressed']],
    [
      'its severity, before its recipients',
      { severity: 'error', to: 'group:nobody' },
      'below_severity',
      ['route pass', 'expiry-gate pass', 'severity-gate suppressed'],
    ],
    [
      'its recipients, before its claim',
      { to: 'group:nobody' },
      'no_recipient',
      ['route pass', 'expiry-gate pass', 'severity-gate pass', 'recipients suppressed'],
    ],
  ])('stop an alert by %s', async (_name, over, reason, events) => {
    const raw = setup.raw(alert(over));
    expect(await setup.run(raw)).toEqual({ kind: 'suppressed' });
    const trace = await setup.trace('a1');
    expect(trace).toMatchObject({ outcome: 'suppressed', reason, messages: [] });
    expect(story(trace)).toEqual(events);
    expect(settled()).toMatchObject([{ outcome: 'suppressed', reason }]);
    await setup.run(raw);
    expect(settled()).toHaveLength(1);
    expect(setup.heard('messagesCreated')).toEqual([]);
  });

  test('leave the claim to the next alert when one was stopped', async () => {
    await setup.take(alert({ id: 'late', ...late }));
    await setup.take(alert({ id: 'low', severity: 'error' }));
    await setup.take(alert({ id: 'nobody', to: 'group:nobody' }));
    expect((await setup.take(alert())).kind).toBe('routed');
  });

  test('pass an alert that waited on the queue until just before its deadline', async () => {
    const raw = setup.raw(alert());
    setup.clock.at += HOUR_MS - 1;
    expect((await setup.run(raw)).kind).toBe('routed');
    setup.clock.at += 1;
    expect(await setup.run({ ...raw, data: alert({ id: 'a2', dedupKey: 'other' }) })).toEqual({ kind: 'suppressed', expired: true });
  });

  test('call an alert expired only where it would have been sent, each time that its job runs', async () => {
    const late = (over: object) => ({ ...setup.raw(alert({ id: 'late', dedupKey: 'late', ...over })) });
    const raws = [
      late({}),
      late({ id: 'low', dedupKey: 'low', severity: 'info' }),
      late({ id: 'none', dedupKey: 'none', to: 'group:nobody' }),
    ];
    const over = late({ id: 'over', dedupKey: 'over' });
    setup.clock.at += 2 * HOUR_MS;
    await setup.run(setup.raw(alert({ id: 'end', dedupKey: 'over', status: 'resolved', to: undefined })));
    const ends = await Promise.all([...raws, over].map((raw) => setup.run(raw)));
    expect(ends).toEqual([{ kind: 'suppressed', expired: true }, ...Array(3).fill({ kind: 'suppressed' })]);
    expect(await setup.run(raws[0] as RawAlert)).toEqual({ kind: 'suppressed', expired: true });
  });

  test('let an operator replay an expired alert, with its first lifetime', async () => {
    const raw = setup.raw(alert({ id: 'late', dedupKey: 'late' }));
    setup.clock.at += 2 * HOUR_MS;
    await setup.run(raw);
    expect(await setup.run({ ...raw })).toEqual({ kind: 'suppressed', expired: true });
    const again = await setup.run({ ...raw, replayed: true });
    expect(again).toMatchObject({ kind: 'routed', steps: [{ message: { expiresAt: setup.clock.at + HOUR_MS } }] });
    expect(await setup.run({ ...raw, replayed: true })).toMatchObject({ kind: 'routed', steps: [{ job: 'again' }] });
  });
});

describe('an alert of a key that has sent messages', () => {
  const low = { routes: [route({ minSeverity: 'error' })] };

  test('is a duplicate that names the first', async () => {
    await setup.take(alert());
    expect(await setup.take(alert({ id: 'a2' }))).toEqual({ kind: 'suppressed' });
    const trace = await setup.trace('a2');
    expect(trace).toMatchObject({ outcome: 'suppressed', reason: 'duplicate' });
    expect(trace.events.at(-1)).toMatchObject({
      stage: 'dedupe-gate',
      verdict: 'suppressed',
      reason: 'duplicate',
      detail: 'same dedup key as alert a1',
    });
    expect(settled()).toMatchObject([{ outcome: 'routed' }, { outcome: 'suppressed', reason: 'duplicate' }]);
    expect(await setup.ledger.inFlight()).toBe(1);
  });

  test('sends when it is more severe, and suppresses alerts of the same severity from then on', async () => {
    const deps = { config: config(low) };
    await setup.take(alert({ severity: 'error' }), deps);
    expect((await setup.take(alert({ id: 'graver' }), deps)).kind).toBe('routed');
    expect((await setup.take(alert({ id: 'third' }), deps)).kind).toBe('suppressed');
    expect((await setup.trace('third')).events.at(-1)?.detail).toBe('same dedup key as alert graver');
  });

  test('sends to another phone, and of several phones to those without a message', async () => {
    await setup.take(alert({ to: ALICE }));
    expect(stepsOf(await setup.take(alert({ id: 'a2', to: BOB })))).toMatchObject([{ job: 'now', record: { state: 'queued' } }]);
    const steps = stepsOf(await setup.take(alert({ id: 'a3', to: [ALICE, BOB, CAROL] })));
    expect(steps.map(({ job, record }) => [job, record.state, record.reason])).toEqual([
      [undefined, 'suppressed', 'duplicate'],
      [undefined, 'suppressed', 'duplicate'],
      ['now', 'queued', null],
    ]);
    expect((await setup.trace('a3')).messages.map(({ duplicateOf }) => duplicateOf)).toEqual(['a1', 'a2', undefined]);
    expect(setup.heard('messagesCreated').at(-1)).toEqual(['critical', 3]);
    expect(setup.heard('messageSettled')).toHaveLength(2);
    expect(setup.heard('messageSettled')).toContainEqual({ state: 'suppressed', reason: 'duplicate', severity: 'critical' });
    expect(await setup.ledger.inFlight()).toBe(3);
  });

  test('of which some are duplicates gives the others their jobs again when its run is repeated, and no more', async () => {
    await setup.take(alert({ to: ALICE }));
    const raw = setup.raw(alert({ id: 'a2', to: [ALICE, BOB] }));
    await setup.run(raw);
    expect(stepsOf(await setup.run(raw)).map(({ job }) => job)).toEqual([undefined, 'again']);
    expect(setup.heard('messageSettled')).toHaveLength(1);
  });

  test('records refused recipients in addition to the duplicates', async () => {
    await setup.take(alert({ to: 'contact:alice' }));
    await setup.take(alert({ id: 'a2', to: ['contact:alice', 'contact:carol'] }));
    expect(await setup.trace('a2')).toMatchObject({ outcome: 'suppressed', reason: 'duplicate', duplicateOf: 'a1' });
    expect((await setup.trace('a2')).events.at(-1)?.detail).toBe('same dedup key as alert a1; 1 other phone(s): no_consent');
  });

  test.each(['verification', 'notification'] as const)('sends the same text again when it is a %s', async (purpose) => {
    const deps = { config: config({ routes: [route({ dedupeForMs: HOUR_MS })] }) };
    const code = (id: string) => alert({ id, purpose, to: ALICE });
    expect((await setup.take(code('c1'), deps)).kind).toBe('routed');
    expect((await setup.take(code('c2'), deps)).kind).toBe('routed');
    const asked = { config: config({ routes: [route({ match: { purpose }, dedupeForMs: HOUR_MS })] }) };
    expect((await setup.take(code('c3'), asked)).kind).toBe('routed');
    expect((await setup.take(code('c4'), asked)).kind).toBe('suppressed');
    expect((await setup.take({ ...code('c5'), to: BOB }, asked)).kind).toBe('routed');
  });

  test('sends each time where the route disables dedupe', async () => {
    const deps = { config: config({ routes: [route({ dedupeForMs: 0 })] }) };
    expect((await setup.take(alert(), deps)).kind).toBe('routed');
    expect((await setup.take(alert({ id: 'a2' }), deps)).kind).toBe('routed');
  });
});

describe('a job without an id of its own', () => {
  const job = (over: Partial<RawAlert> & { text?: string; data?: object } = {}): RawAlert => {
    const { text = 'Disk full', ...raw } = over;
    return { jobId: '7', timestamp: START, ...raw, data: { severity: 'critical', to: ALICE, text, ...raw.data } };
  };
  const outcomes = () => settled().map((alert) => (alert as { outcome: string }).outcome);

  test('is the same alert each time that it runs, also when an operator sends it through once more', async () => {
    await setup.run(job());
    setup.clock.at += 1_000;
    await setup.run(job());
    await setup.run(job({ replayed: true }));
    expect(outcomes()).toEqual(['routed']);
    expect(setup.heard('alertIdReused')).toEqual([]);
  });

  test('is another alert each time that its job id is used again', async () => {
    for (const hour of [0, 1, 2]) {
      setup.clock.at = START + hour * HOUR_MS;
      await setup.run(job({ timestamp: setup.clock.at, text: `disk ${hour} is full` }));
    }
    expect(outcomes()).toEqual(['routed', 'routed', 'routed']);
  });

  test('is another alert when it has no time and another text', async () => {
    await setup.run(job({ timestamp: Number.NaN }));
    await setup.run(job({ timestamp: Number.NaN }));
    await setup.run(job({ timestamp: Number.NaN, text: 'db down' }));
    expect(outcomes()).toEqual(['routed', 'routed']);
  });
});

describe('the time of a job', () => {
  test.each([
    ['in seconds', START / 1000, START],
    ['of 1', 1, START + 1_500],
    ['before 1970', -5, START + 1_500],
    ['ahead of the clock', START + HOUR_MS, START + 1_500],
    ['in ms', START, START],
  ])('%s does not end its alert as expired', async (_name, timestamp, receivedAt) => {
    setup.clock.at = START + 1_500;
    const routed = await setup.run({ jobId: '7', data: { ...alert(), id: undefined }, timestamp });
    expect(routed).toMatchObject({ kind: 'routed', steps: [{ message: { receivedAt } }] });
  });
});

describe('an id of the producer that comes with other content', () => {
  const reused: object[] = [];
  const deps = { onOtherContent: (alert: object) => void reused.push(alert) };
  beforeEach(() => void reused.splice(0));

  test.each<[what: string, over: Partial<AlertInput>]>([
    ['other words', { text: 'db down', dedupKey: undefined }],
    ['another phone', { to: BOB }],
    ['another severity', { severity: 'error' }],
    ['another purpose', { purpose: 'notification' }],
    ['another dedup key', { dedupKey: 'else' }],
  ])('is counted, logged and noted once for each, as with %s', async (_what, over) => {
    await setup.take(alert({ to: ALICE }), deps);
    const raw = setup.raw(alert({ to: ALICE, ...over }));
    expect(await setup.run(raw, deps)).toEqual({ kind: 'suppressed' });
    expect(await setup.run(raw, deps)).toEqual({ kind: 'suppressed' });
    expect(setup.heard('alertIdReused')).toHaveLength(1);
    expect(reused).toMatchObject([{ alertId: 'a1' }]);
    expect((await setup.trace('a1')).events.at(-1)).toMatchObject({ stage: 'identity', verdict: 'ignored' });
    expect(settled()).toHaveLength(1);
  });

  test.each<[what: string, over: Partial<AlertInput>]>([
    ['times', { raisedAt: new Date(START).toISOString(), expiresAt: new Date(START + HOUR_MS).toISOString() }],
    ['order of recipients', { to: [BOB, ALICE] }],
    ['word for the severity', { severity: 'emergency' }],
    ['measured value, under a dedup key', { text: 'Disk 91% full' }],
  ])('is the same content where only the %s differs', async (_what, over) => {
    await setup.take(alert({ to: [ALICE, BOB] }), deps);
    await setup.take(alert({ to: [ALICE, BOB], ...over }), deps);
    expect(setup.heard('alertIdReused')).toEqual([]);
  });

  test('and resolves is carried out', async () => {
    await setup.take(alert(), deps);
    setup.clock.at += 1;
    const routed = await setup.take({ id: 'a1', severity: 'critical', status: 'resolved', dedupKey: 'db/disk' }, deps);
    expect(routed).toMatchObject({ kind: 'resolved', open: [expect.any(String)] });
    expect(reused).toMatchObject([{ alertId: 'a1', status: 'resolved' }]);
  });
});

describe('a resolved alert', () => {
  test('names open messages of its key, cancels them, and sends no message', async () => {
    const steps = stepsOf(await setup.take(alert({ to: 'group:oncall' })));
    await setup.take(alert({ id: 'other', dedupKey: 'else' }));
    setup.clock.at += 1;
    const routed = await setup.take({ id: 'r1', severity: 'critical', status: 'resolved', dedupKey: 'db/disk' });
    if (routed.kind !== 'resolved') throw new Error(routed.kind);
    expect([...routed.open].sort()).toEqual(steps.map(({ message }) => message.id).sort());
    expect(await setup.trace('r1')).toMatchObject({
      status: 'resolved',
      outcome: 'suppressed',
      reason: 'resolved',
      events: [{ stage: 'resolve-gate', detail: 'unsent messages of its dedup key are cancelled' }],
    });
    expect(settled().at(-1)).toMatchObject({ outcome: 'suppressed', reason: 'resolved' });

    const [first] = steps;
    const { id, phoneHash } = first?.message ?? { id: '', phoneHash: '' };
    const request = attemptRequest(id, { dedupHash: hash('dedup', 'db/disk'), phoneHash, receivedAt: START });
    const opened = await setup.ledger.openAttempt(request);
    expect(opened).toEqual({ kind: 'resolved' });
  });

  test('ends what was raised before it and still waits on the queue, and frees the key for what comes after', async () => {
    const before = setup.raw(alert({ id: 'before' }));
    setup.clock.at += 1;
    await setup.take({ id: 'r1', severity: 'critical', status: 'resolved', dedupKey: 'db/disk' });
    expect(await setup.run(before)).toEqual({ kind: 'suppressed' });
    expect(await setup.trace('before')).toMatchObject({ outcome: 'suppressed', reason: 'resolved' });
    expect((await setup.take(alert({ id: 'after' }))).kind).toBe('routed');
  });

  test('is found by what it says where it has no key', async () => {
    const { dedupKey: _, ...keyless } = alert();
    const [step] = stepsOf(await setup.take(keyless));
    setup.clock.at += 1;
    expect(await setup.take({ ...keyless, id: 'r1', severity: 'info', status: 'resolved' })).toEqual({
      kind: 'resolved',
      open: [step?.message.id],
    });
  });
});

describe('a message whose cap is known to be full', () => {
  const full: KnownFull = { reason: 'rate_cap_hour', retryAt: new Date(START + 60_000), cap: { max: 100, windowMs: 3_600_000 } };

  test('begins by waiting, in the ledger as in the queue', async () => {
    const deps: Partial<RouterDeps> = { knownFull: ({ to }) => (to === BOB ? full : undefined) };
    const steps = stepsOf(await setup.take(alert({ to: 'group:oncall' }), deps));
    expect(steps.map(({ job }) => job)).toEqual(['now', { until: full.retryAt }]);
    expect((await setup.trace('a1')).messages.map(({ state, reason, until }) => [state, reason, until])).toEqual([
      ['queued', null, null],
      ['deferred', 'rate_cap_hour', full.retryAt.toISOString()],
    ]);
    expect(setup.heard('deferred')).toEqual(['rate_cap_hour']);
    expect(setup.heard('messageSettled')).toEqual([]);
    expect(await setup.ledger.inFlight()).toBe(2);
  });

  test('is dropped where the route says so', async () => {
    const deps = { knownFull: () => full, config: config({ routes: [route({ overflow: 'drop' })] }) };
    expect(stepsOf(await setup.take(alert(), deps))[0]?.job).toBeUndefined();
    expect((await setup.trace('a1')).messages).toMatchObject([{ state: 'suppressed', reason: 'rate_cap_hour', until: null }]);
    expect(setup.heard('messageSettled')).toEqual([{ state: 'suppressed', reason: 'rate_cap_hour', severity: 'critical' }]);
    expect(setup.heard('deferred')).toEqual([]);
    expect(await setup.ledger.inFlight()).toBe(0);
  });
});

test('no event of the trace holds a whole number', async () => {
  await setup.take(alert({ to: [ALICE, 'contact:bob'] }));
  await setup.take(alert({ id: 'bad', to: [`contact:${ALICE}`] }));
  const told = JSON.stringify([await setup.trace('a1'), await setup.trace('bad'), setup.told]);
  for (const phone of [ALICE, BOB]) expect(told).not.toContain(phone.slice(1));
  expect(told).toContain('+60*******789');
});

describe('a malformed alert that an operator replays', () => {
  const ghost = alert({ to: 'contact:dave' });
  const mended = { config: config({ contacts: new Map([['dave', { phone: ALICE, consent: true }]]) }) };

  test('is valid under the fixed config, and its history begins with that', async () => {
    const raw = setup.raw(ghost);
    expect((await setup.run(raw)).kind).toBe('malformed');
    setup.clock.at += 3 * HOUR_MS;
    const [step] = stepsOf(await setup.run({ ...raw, replayed: true }, mended));
    expect(step?.message).toMatchObject({ receivedAt: raw.timestamp, expiresAt: setup.clock.at + HOUR_MS });
    expect(story(await setup.trace('a1'))[0]).toBe('operator replayed');
  });

  test('sends no message when its problem was resolved meanwhile', async () => {
    const raw = setup.raw(ghost);
    await setup.run(raw);
    setup.clock.at += 3 * HOUR_MS;
    await setup.take(alert({ id: 'over', status: 'resolved', to: undefined, text: undefined }));
    expect((await setup.run({ ...raw, replayed: true }, mended)).kind).toBe('suppressed');
    expect(settled().at(-1)).toMatchObject({ outcome: 'suppressed', reason: 'resolved' });
  });
});

describe('a route whose messages are acknowledged', () => {
  const templates = new Map([['told', { text: '{disk} is full, {ack} if you look' }]]);
  const providers = new Map([['sns', { type: 'simulated' }]]) as unknown as Config['providers'];
  const deps = { config: config({ routes: [route({ acknowledge: true, resolvedTexts: true })], templates, providers }) };
  const codesOf = (routed: Routed) => stepsOf(routed).map(({ message }) => message.ackCode as string);
  const phone = phoneHash(ALICE);

  test('gives each recipient a code, the same one after a crash, that leads to the message', async () => {
    const raw = setup.raw(alert({ to: 'group:oncall' }));
    const [first] = stepsOf(await setup.run(raw, deps));
    const { ackCode = '', id, segments } = first?.message ?? {};
    expect(ackCode).toMatch(/^[2-9A-Z]{4}$/);
    expect(await setup.ledger.codes.find(phone, ackCode)).toBe(id);
    expect(segments).toBe(1);
    expect(codesOf(await setup.run(raw, deps))).toEqual([ackCode, ackCode]);
  });

  test('counts the code with the text', async () => {
    const [step] = stepsOf(await setup.take(alert({ text: 'a'.repeat(140) }), deps));
    expect(step?.message.segments).toBe(2);
  });

  test('gives another one where the phone has it for another alert', async () => {
    const [taken] = ackCodesOf('a1', 1) as [string];
    await setup.ledger.codes.claim({ id: 'm-other', phoneHash: phone }, [taken], setup.clock.now());
    const [code, others] = codesOf(await setup.take(alert({ to: [ALICE, BOB] }), deps));
    expect([code, others]).toEqual([ackCodesOf('a1', 2)[1], taken]);
    expect(await setup.ledger.codes.find(phone, taken)).toBe('m-other');
  });

  test('gives none to what is a duplicate or not sent', async () => {
    await setup.take(alert({ to: 'contact:carol' }), deps);
    await setup.take(alert({ id: 'a2', dedupKey: 'else' }), deps);
    await setup.take(alert({ id: 'a3', dedupKey: 'else' }), deps);
    expect(await setup.ledger.codes.newest(phone, 9)).toHaveLength(1);
    expect(await setup.ledger.codes.newest(phoneHash(CAROL), 9)).toEqual([]);
  });

  test('asks no producer for it, who may name the place in a template', async () => {
    const params = { disk: 'sda' };
    const [step] = stepsOf(await setup.take(alert({ text: undefined, template: { name: 'told', params } }), deps));
    expect(step?.message).toMatchObject({ text: 'sda is full, {ack} if you look', template: { params: { ...params, ack: '{ack}' } } });
    const plain = { config: config({ templates, providers }) };
    const [other] = stepsOf(
      await setup.take(alert({ id: 'a2', dedupKey: 'k', text: undefined, template: { name: 'told', params } }), plain),
    );
    expect(other?.message.text).toBe('sda is full, - if you look');
  });

  test('stores the recipients to notify of the resolve, and no other route does', async () => {
    const raised = alert({ to: [ALICE, 'contact:carol'] });
    const steps = stepsOf(await setup.take(raised, deps));
    expect((await setup.ledger.resolveSubscribers.all(hash('dedup', 'db/disk'))).map(({ id }) => id)).toEqual([steps[0]?.message.id]);
    setup.clock.at += 1;
    const over = await setup.take({ id: 'r1', severity: 'critical', status: 'resolved', dedupKey: 'db/disk' }, deps);
    expect(over).toMatchObject({ kind: 'resolved', ended: { dedupHash: hash('dedup', 'db/disk'), at: setup.clock.at } });
    await setup.take(alert({ id: 'a2', dedupKey: 'else' }));
    expect(await setup.ledger.resolveSubscribers.any(hash('dedup', 'else'))).toBe(false);
  });

  test('sends no message when it was acknowledged before it was routed', async () => {
    const raw = setup.raw(alert());
    await setup.take(alert({ id: 'a2', to: BOB }), deps);
    setup.clock.at += 1;
    await setup.ledger.acknowledge({ alertId: 'a2', by: 'cli by bob', at: setup.clock.now(), run: 'r' });
    expect((await setup.run(raw, deps)).kind).toBe('suppressed');
    expect((await setup.trace('a1')).events.at(-1)).toMatchObject({ reason: 'acknowledged', detail: 'cli by bob' });
  });
});
