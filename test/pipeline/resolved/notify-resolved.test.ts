import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type E164, phoneHash } from '../../../src/alert/phone/phone.ts';
import type { MessageState } from '../../../src/ledger/history/history.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { createNotifyResolved, type NotifyResolved, resolvedMessage } from '../../../src/pipeline/resolved/notify-resolved.ts';
import type { PlannedMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { messageRecord, routedAlert } from '../../support/fixtures/ledger.ts';
import { messageOf } from '../../support/fixtures/message.ts';
import { createRecordingObserver, type RecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const { redis, prefix } = testRedis();
const ALICE = '+60123456789' as E164;
const BOB = '+60123456788' as E164;
const RAISED_AT = 1_000;
const RESOLVED_AT = 5_000;

let ledger: Ledger;
let histories: ReturnType<typeof createHistories>;
let recording: RecordingObserver;
let tell: NotifyResolved;
let steps: PlannedMessage[];
beforeEach(() => {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  ledger = createLedger(redis, keys);
  histories = createHistories(redis, keys);
  recording = createRecordingObserver();
  tell = createNotifyResolved({ ledger, observer: recording.observer, clock: createSettableClock(RESOLVED_AT + 10) });
  steps = [];
});
const addJobs = async (added: readonly PlannedMessage[]) => void steps.push(...added);
const ended = { dedupHash: 'key', at: RESOLVED_AT };

const message = (over: Partial<Message> = {}): Message =>
  messageOf({
    receivedAt: RAISED_AT,
    expiresAt: RAISED_AT + 60_000,
    phoneHash: phoneHash(over.to ?? ALICE),
    dedupHash: 'key',
    providers: ['sns'],
    resolvedTexts: true,
    ackCode: 'K7Q2',
    ...over,
  });

/** An alert that has texted, and how far that has come. */
async function texted(states: readonly (readonly [Partial<Message>, MessageState])[], alertId = 'a-1'): Promise<void> {
  const messages = states.map(([over, state]) => ({ message: message({ alertId, ...over }), state }));
  const records = messages.map(({ message: { id, phoneHash }, state }) =>
    messageRecord(id, alertId, { phoneHash, state: state as 'queued' }),
  );
  await ledger.admit(routedAlert(alertId, { dedupKey: 'k', dedupHash: 'key', dedupeForMs: 0, messages: records }), randomUUID());
  await ledger.resolveSubscribers.keep('key', Object.fromEntries(messages.map(({ message }) => [message.id, JSON.stringify(message)])));
}
const accepted = async () => texted([[{}, 'accepted']]);
const told = () => steps.map(({ message: { to, text }, job }) => [to, text, job]);

describe('a recipient of a message', () => {
  it('is notified once of the resolve, by two concurrent resolves', async () => {
    await accepted();
    await Promise.all([tell(ended, addJobs), tell({ ...ended, at: RESOLVED_AT + 1 }, addJobs)]);
    expect(new Set(steps.map((step) => step.message.id)).size).toBe(1);
    expect(steps.filter(({ job }) => job === 'now')).toHaveLength(1);
    expect(recording.heard('messagesCreated')).toEqual([['info', 1]]);
    expect(await ledger.resolveSubscribers.any('key')).toBe(false);
  });

  it('is notified once by a resolve that comes after the first', async () => {
    await accepted();
    await tell(ended, addJobs);
    expect(await tell({ ...ended, at: RESOLVED_AT + 1 }, addJobs)).toBe('done');
    expect(told()).toEqual([[ALICE, 'RESOLVED: Disk full', 'now']]);
  });

  it('is notified by the next router when one crashes before it has added the job', async () => {
    await accepted();
    await expect(tell(ended, () => Promise.reject(new Error('died')))).rejects.toThrow('died');
    await tell(ended, addJobs);
    expect(told()).toEqual([[ALICE, 'RESOLVED: Disk full', 'again']]);
    expect(recording.heard('messagesCreated')).toEqual([['info', 1]]);
    expect(await ledger.resolveSubscribers.any('key')).toBe(false);
  });

  it('finds the text under the alert, marked as what it is, and the books count it', async () => {
    await accepted();
    const before = await ledger.inFlight();
    await tell(ended, addJobs);
    const { messages = [] } = (await histories.alert('a-1')) ?? {};
    expect(messages.map(({ says, state, severity }) => [says, state, severity])).toEqual([
      [undefined, 'accepted', 'critical'],
      ['resolved', 'queued', 'info'],
    ]);
    expect(await ledger.inFlight()).toBe(before + 1);
    const { id, alertId, dedupHash } = (steps[0] as PlannedMessage).message;
    await ledger.move({ messageId: id, alertId, dedupHash, run: 'run', state: 'expired', reason: 'expired', events: [] });
    expect(await ledger.inFlight()).toBe(before);
  });

  it('is notified once, with any number of alerts of the key', async () => {
    await texted([[{ id: 'm-1', text: 'ERROR: x' }, 'accepted']]);
    const newer = { id: 'm-2', receivedAt: RAISED_AT + 1, variables: { instance: 'db-1', priority: 'CRITICAL', content: 'Worse' } };
    await texted([[newer, 'delivered']], 'a-2');
    await tell(ended, addJobs);
    expect(told()).toEqual([[ALICE, 'Instance: db-1, Priority: RESOLVED, Content: Worse', 'now']]);
  });
});

it.each<[state: MessageState, texts: number, answer: string]>([
  ['accepted', 1, 'done'],
  ['delivered', 1, 'done'],
  ['undelivered', 1, 'done'],
  ['unknown', 0, 'done'],
  ['suppressed', 0, 'done'],
  ['expired', 0, 'done'],
  ['cancelled', 0, 'done'],
  ['failed', 0, 'done'],
  ['queued', 0, 'waiting'],
  ['deferred', 0, 'waiting'],
  ['sending', 0, 'waiting'],
])('a text that is %s leads to %i', async (state, texts, answer) => {
  await texted([[{}, state]]);
  expect(await tell(ended, addJobs)).toBe(answer);
  expect(steps).toHaveLength(texts);
});

it('with a message being sent is notified once that is accepted, and the others immediately', async () => {
  await texted([
    [{ id: 'm-1' }, 'sending'],
    [{ id: 'm-2', to: BOB }, 'accepted'],
  ]);
  expect(await tell(ended, addJobs)).toBe('waiting');
  expect(told()).toEqual([[BOB, 'RESOLVED: Disk full', 'now']]);
  const accepted = { provider: 'sns', segments: 1, at: new Date(RESOLVED_AT) };
  await ledger.move({ messageId: 'm-1', alertId: 'a-1', dedupHash: 'key', run: 'r', state: 'accepted', accepted, events: [] });
  expect(await tell(ended, addJobs)).toBe('done');
  expect(told().slice(1)).toEqual([[ALICE, 'RESOLVED: Disk full', 'now']]);
});

describe('of messages of the simulator', () => {
  it('the RESOLVED text is the simulator’s too, though its route has a real provider besides', async () => {
    await texted([[{ providers: ['desk', 'sns'] }, 'queued']]);
    const record = { provider: 'desk', startedAt: new Date(RAISED_AT).toISOString(), result: 'accepted', simulated: true } as const;
    const accepted = { provider: 'desk', segments: 1, at: new Date(RAISED_AT) };
    const step = { messageId: 'm-1', alertId: 'a-1', dedupHash: 'key', run: 'r', events: [] };
    await ledger.move({ ...step, state: 'accepted', accepted, attempt: { token: 't', number: 1, record } });
    await tell(ended, addJobs);
    expect(steps.map((added) => added.message.simulated)).toEqual([true]);
  });

  it('it does not replace the message that reached the phone', async () => {
    await texted([[{ id: 'm-1' }, 'accepted']]);
    await texted([[{ id: 'm-2', receivedAt: RAISED_AT + 1, simulated: true }, 'accepted']], 'a-2');
    await tell(ended, addJobs);
    expect(steps.map((added) => added.message.simulated)).toEqual([undefined, true]);
  });
});

it('an alert raised after the resolve is not resolved', async () => {
  await texted([[{ receivedAt: RESOLVED_AT }, 'accepted']]);
  expect(await tell(ended, addJobs)).toBe('done');
  expect(steps).toEqual([]);
  expect(await ledger.resolveSubscribers.any('key')).toBe(true);
});

it('the text is an info of its own, that no end of the key touches and that asks for nothing', () => {
  const said = resolvedMessage(
    message({ template: { name: 't', params: {}, exact: false }, notBefore: 3, quietHours: QUIET }),
    RESOLVED_AT,
  );
  expect(said).toMatchObject({
    severity: 'info',
    onUnknown: 'hold',
    text: 'RESOLVED: Disk full',
    receivedAt: RESOLVED_AT,
    expiresAt: RESOLVED_AT + 60_000,
    route: 'default',
    quietHours: QUIET,
  });
  expect(said.dedupHash).not.toBe('key');
  for (const key of ['template', 'ackCode', 'resolvedTexts', 'notBefore', 'replay']) expect(said).not.toHaveProperty(key);
});
const QUIET = { from: 0, to: 1, timeZone: 'UTC', override: 'critical' } as const;
