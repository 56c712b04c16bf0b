import { expect, it } from 'vitest';
import { type E164, maskPhone } from '../../../src/alert/phone/phone.ts';
import type { SimulatedReceipt, SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Outbox, OutboxEntry } from '../../../src/provider/simulated/outbox.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { until } from '../../support/until.ts';

const never = new AbortController().signal;

async function setup(config: Readonly<Record<string, unknown>> = {}, append?: Outbox['append']) {
  const sent: OutboxEntry[] = [];
  const receipts: SimulatedReceipt[] = [];
  const provider = await createProvider('desk', providerConfigSchemas.simulated.parse({ type: 'simulated', timeout: '200ms', ...config }), {
    clock: { now: () => NOW },
    templates: new Map(),
    outbox: { append: append ?? (async (entry) => void sent.push(entry)), latest: async () => [] },
    onReceipt: (receipt) => receipts.push(receipt),
  });
  return { sent, receipts, send: (message: SmsMessage, signal = never) => provider.send(message, signal) };
}

const to = (lastDigits: string, id = 'm-1'): SmsMessage => ({ ...MESSAGE, id, to: `+6012345${lastDigits}` as E164 });

it.each([
  ['0001', 'delivered'],
  ['0002', 'undelivered'],
  ['1234', 'delivered'],
  ['0008', 'delivered'],
])('…%s is taken, kept in the outbox with its number masked, and reported %s', async (digits, state) => {
  const { sent, receipts, send } = await setup();
  const result = await send(to(digits));
  expect(result).toEqual({ kind: 'accepted', providerMessageId: expect.stringMatching(/^sim-/), segments: 1 });
  expect(sent).toEqual([{ at: NOW.toISOString(), provider: 'desk', messageId: 'm-1', to: maskPhone(to(digits).to), text: MESSAGE.text }]);
  expect(JSON.stringify(sent)).not.toContain(`12345${digits}`);
  expect(receipts).toEqual([]);
  await until(() => receipts.length > 0);
  const { providerMessageId } = result as { providerMessageId: string };
  expect(receipts).toMatchObject([{ messageId: 'm-1', providerMessageId, state }]);
});

it.each([
  ['0004', { reason: 'throttled', retryAt: new Date(NOW.getTime() + 5_000) }],
  ['0006', { reason: 'recipient', retry: false, failover: false }],
  ['0007', { reason: 'unavailable', retry: true, failover: true }],
])('…%s is refused every time, and nothing is sent', async (digits, error) => {
  const { sent, receipts, send } = await setup();
  for (let time = 0; time < 3; time++) expect(await send(to(digits))).toMatchObject({ kind: 'refused', error });
  await new Promise(setImmediate);
  expect({ sent, receipts }).toEqual({ sent: [], receipts: [] });
});

it('…0003 is away once for each message, then takes it', async () => {
  const { sent, send } = await setup();
  expect(await send(to('0003', 'a'))).toMatchObject({ error: { reason: 'unavailable' } });
  expect(await send(to('0003', 'b'))).toMatchObject({ error: { reason: 'unavailable' } });
  expect(await send(to('0003', 'a'))).toMatchObject({ kind: 'accepted' });
  expect(await send(to('0003', 'b'))).toMatchObject({ kind: 'accepted' });
  expect(sent.map(({ messageId }) => messageId)).toEqual(['a', 'b']);
});

it('…0003 forgets the messages of long ago', async () => {
  const { send } = await setup();
  for (let message = 0; message <= 10_000; message++) await send(to('0003', `m-${message}`));
  expect(await send(to('0003', 'm-1'))).toMatchObject({ kind: 'accepted' });
  expect(await send(to('0003', 'm-0'))).toMatchObject({ error: { reason: 'unavailable' } });
});

it('…0005 is sent, but the answer never arrives, nor a receipt', async () => {
  const { sent, receipts, send } = await setup();
  expect(await send(to('0005'))).toMatchObject({ kind: 'refused', error: { reason: 'unknown_outcome', code: 'TIMEOUT' } });
  expect(sent).toHaveLength(1);
  expect(receipts).toEqual([]);
});

it('delays its response as configured, within its timeout', async () => {
  const { send } = await setup({ latency: '60ms' });
  const startedAt = performance.now();
  expect(await send(to('0001'))).toMatchObject({ kind: 'accepted' });
  expect(performance.now() - startedAt).toBeGreaterThan(55);
});

it.each([
  ['its deadline', never, 'TIMEOUT'],
  ['the signal', AbortSignal.timeout(20), 'ABORTED'],
])('is not sent when %s cuts the latency short', async (_what, signal, code) => {
  const { sent, send } = await setup({ latency: '10s', timeout: '50ms' });
  expect(await send(to('0001'), signal)).toMatchObject({ error: { reason: 'unavailable', code } });
  expect(sent).toEqual([]);
});

it('does not know what became of a text when the outbox fails or hangs', async () => {
  const failing = await setup({}, () => Promise.reject(new Error('Connection is closed.')));
  expect(await failing.send(to('0001'))).toMatchObject({ error: { reason: 'unknown_outcome', code: 'OUTBOX_FAILED' } });
  const hanging = await setup({}, () => new Promise(() => undefined));
  expect(await hanging.send(to('0001'))).toMatchObject({ error: { reason: 'unknown_outcome', code: 'TIMEOUT' } });
});

it('counts segments', async () => {
  const { send } = await setup();
  expect(await send({ ...to('0001'), text: 'a'.repeat(161) })).toMatchObject({ segments: 2 });
});
