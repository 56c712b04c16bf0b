import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { AlertInput } from '../../../src/alert/alert.ts';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { createAlertRouter, type Escalating, type RouterDeps } from '../../../src/pipeline/routing/router.ts';
import type { Ladder } from '../../../src/policy/escalation.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const { redis, prefix } = testRedis();
const START = Date.parse('2026-11-20T03:00:00Z');

const CHAT_ONLY: Ladder = [{ afterMs: 0, channels: ['chat'], sms: false }];
const WHOLE: Ladder = [...CHAT_ONLY, { afterMs: 1_200_000, channels: [], sms: true }];

function setup(ladder: Ladder) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = createSettableClock(START);
  const recording = createRecordingObserver();
  const logged: Escalating[] = [];
  const config = {
    providers: new Map(),
    routes: [
      { name: 'default', match: {}, minSeverity: 'warning', providers: ['p'], expiresAfterMs: 3_600_000, overflow: 'defer', ladder },
    ],
    contacts: new Map([['alice', { phone: '+60123456789' as E164, consent: true }]]),
    groups: new Map([['nobody', []]]),
    rotations: new Map(),
    countries: undefined,
    quietHours: undefined,
    templates: new Map(),
    defaultCountry: undefined,
  } as unknown as RouterDeps['config'];
  const route = createAlertRouter({
    config,
    knownFull: () => undefined,
    ledger: createLedger(redis, keys),
    observer: recording.observer,
    clock,
    onEscalating: (alert) => void logged.push(alert),
    onOtherContent: () => undefined,
  });
  const take = (over: Partial<AlertInput> = {}) =>
    route(
      { jobId: 'job', data: { id: 'a1', severity: 'critical', to: 'contact:alice', text: 'Disk full', ...over }, timestamp: clock.at },
      new AbortController().signal,
    );
  return { ...recording, logged, take, trace: (id = 'a1') => createHistories(redis, keys).alert(id) };
}

it('an alert with an escalation becomes notifications now and a waiting message, is logged without its text, and has both in its trace', async () => {
  const { take, trace, logged, heard } = setup(WHOLE);
  const routed = await take();
  expect(routed).toMatchObject({
    kind: 'routed',
    notices: [{ channel: 'chat', dueAt: START, contacts: ['alice'] }],
    steps: [{ job: { until: new Date(START + 1_200_000) }, message: { notBefore: START + 1_200_000 } }],
  });
  expect(logged).toEqual([{ alertId: 'a1', severity: 'critical', route: 'default', steps: ['immediately: chat', 'after 20m: sms'] }]);
  expect(heard('deferred')).toEqual(['escalation']);
  const found = await trace();
  expect(found?.events).toContainEqual(
    expect.objectContaining({ stage: 'escalation', verdict: 'planned', detail: 'immediately: chat; after 20m: sms' }),
  );
  expect(found?.messages).toMatchObject([{ state: 'deferred', reason: 'escalation' }]);
});

it('one whose escalation sends no message is routed, without a message', async () => {
  const { take, trace, heard } = setup(CHAT_ONLY);
  expect(await take()).toMatchObject({ kind: 'routed', notices: [{ channel: 'chat' }], steps: [] });
  expect(await trace()).toMatchObject({ outcome: 'routed', messages: [] });
  expect(heard('messagesCreated')).toEqual([['critical', 0]]);
});

it('one without a permitted recipient is still sent to channels', async () => {
  const { take } = setup(WHOLE);
  expect(await take({ to: 'group:nobody' })).toMatchObject({ kind: 'routed', notices: [{ channel: 'chat', contacts: [] }], steps: [] });
});

it('a second run gives the same notices, and is logged and counted no more', async () => {
  const { take, logged, heard } = setup(WHOLE);
  const [first, second] = [await take(), await take()];
  expect(second).toMatchObject({ kind: 'routed', notices: (first as { notices: unknown }).notices, steps: [{ job: 'again' }] });
  expect(logged).toHaveLength(1);
  expect(heard('deferred')).toHaveLength(1);
});

it('alerts below the severity of a step, and repeats, notify no channel', async () => {
  const { take, logged } = setup(WHOLE);
  expect(await take({ severity: 'info' })).toEqual({ kind: 'suppressed' });
  await take({ id: 'a2' });
  expect(await take({ id: 'a3' })).toEqual({ kind: 'suppressed' });
  expect(logged.map(({ alertId }) => alertId)).toEqual(['a2']);
});
