import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import type { Config } from '../../../src/config/config.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { MessageRecord } from '../../../src/ledger/records.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import { type Confirmable, confirmationOf, createConfirmReply } from '../../../src/pipeline/receipts/confirm-reply.ts';
import type { PlannedMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
const AT = new Date('2026-11-20T03:00:00Z');
const config = {
  providers: new Map([
    ['tw', { type: 'twilio' }],
    ['desk', { type: 'simulated' }],
  ]),
  routes: [
    { name: 'default', providers: ['tw'] },
    { name: 'trial', providers: ['desk'] },
  ],
} as unknown as Pick<Config, 'providers' | 'routes'>;
const reply = (facts: Partial<Confirmable> = {}): Confirmable => ({
  alertId: 'a-1',
  route: 'default',
  to: '+60123456789' as E164,
  contact: 'alice',
  dedupKey: 'db-1/full',
  at: AT,
  ...facts,
});

async function setup({ raised = true } = {}) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const ledger = createLedger(redis, keys);
  const recording = createRecordingObserver();
  const steps: PlannedMessage[] = [];
  let crash = false;
  const addJobs = async (added: readonly PlannedMessage[]) => {
    if (crash) throw new Error('the worker crashed');
    steps.push(...added);
  };
  if (raised) {
    const card = { severity: 'critical', purpose: 'alert', status: 'firing', dedupKey: 'k', receivedAt: 1, events: [] } as const;
    const message = {
      id: 'm-1',
      alertId: 'a-1',
      to: '+60*******789',
      phoneHash: 'p',
      contact: null,
      state: 'queued',
    } as unknown as MessageRecord;
    const record = {
      ...message,
      severity: 'critical',
      route: 'default',
      segments: 1,
      createdAt: 1,
      expiresAt: 9,
      reason: null,
      until: null,
      events: [],
    } as MessageRecord;
    await ledger.admit({ ...card, id: 'a-1', dedupHash: hash('dedup', 'k'), dedupeForMs: 0, messages: [record] }, randomUUID());
  }
  const confirm = createConfirmReply({ config, ledger, observer: recording.observer, clock: { now: () => AT }, addJobs });
  const messages = async () =>
    (await createHistories(redis, keys).alert('a-1'))?.messages.filter(({ says }) => says === 'acknowledged') ?? [];
  return {
    confirm,
    steps,
    messages,
    created: () => recording.heard('messagesCreated'),
    crashes: (on: boolean) => {
      crash = on;
    },
  };
}

describe('the message that confirms a reply', () => {
  test('is written under its alert, counted once, and has one job', async () => {
    const { confirm, steps, messages, created } = await setup();
    await confirm(reply());
    await confirm(reply({ to: '+60198765432' as E164, contact: 'bob' }));
    expect(await messages()).toMatchObject([{ state: 'queued', contact: 'alice', to: '+60*******789', severity: 'info' }]);
    expect(created()).toHaveLength(1);
    // The second one asks the ledger before it does anything.
    expect(steps.map(({ job, message }) => [job, message.id === steps[0]?.message.id])).toEqual([
      ['now', true],
      ['again', true],
    ]);
  });

  test('is made up for after a crash between its entry and its job, and stays one', async () => {
    const { confirm, steps, messages, created, crashes } = await setup();
    crashes(true);
    await expect(confirm(reply())).rejects.toThrow('crashed');
    crashes(false);
    await confirm(reply());
    expect(await messages()).toHaveLength(1);
    expect(created()).toHaveLength(1);
    expect(steps.map(({ job }) => job)).toEqual(['again']);
  });

  test('is not made for an alert that the ledger no longer has', async () => {
    const { confirm, steps } = await setup({ raised: false });
    await confirm(reply());
    expect(steps).toEqual([]);
  });
});

test('it names the person and the alert, uses the route of the answered message, and is dropped where a cap is full', () => {
  expect(confirmationOf(reply(), config)).toMatchObject({
    text: 'Acknowledged by alice: no further messages about db-1/full.',
    providers: ['tw'],
    overflow: 'drop',
    onUnknown: 'hold',
    expiresAt: AT.getTime() + 600_000,
  });
  expect(confirmationOf(reply({ contact: null, dedupKey: null }), config).text).toBe('Acknowledged: no further messages about this alert.');
  expect(confirmationOf(reply({ dedupKey: 'x'.repeat(400) }), config).segments).toBe(1);
  expect(confirmationOf(reply({ route: 'trial' }), config)).toMatchObject({ providers: ['desk'], simulated: true });
  expect(confirmationOf(reply({ simulated: true }), config)).toMatchObject({ providers: ['tw'], simulated: true });
  expect(confirmationOf(reply({ route: 'gone' }), config)).toMatchObject({ providers: ['tw'] });
});
