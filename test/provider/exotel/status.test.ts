import { expect, it } from 'vitest';
import type { StatusQuery } from '../../../src/provider/contract/provider.ts';
import { MESSAGE, NOW } from '../../conformance/candidate.ts';
import { exotelError, exotelText } from '../../support/vendors/exotel.ts';
import { never, setup } from './setup.ts';

const QUERY: StatusQuery = { id: MESSAGE.id, to: MESSAGE.to, sentAt: NOW, providerMessageId: 'a1' };

it('asks for the text that it sent', async () => {
  const { exotel, provider } = await setup();
  const sent = await provider.send(MESSAGE, never);
  const { providerMessageId = '' } = sent as { providerMessageId?: string };
  expect(await provider.status?.({ ...QUERY, providerMessageId }, never)).toEqual({ kind: 'pending', providerMessageId, segments: 1 });
  expect(exotel.requests[1]).toMatchObject({
    method: 'GET',
    path: `/v1/Accounts/acme1/SMS/Messages/${providerMessageId}.json`,
    valid: true,
  });
});

it.each([
  [
    { Status: 'sent', DetailedStatusCode: 20005, SmsUnits: 2 },
    { kind: 'delivered', providerMessageId: 'a1', segments: 2 },
  ],
  [
    { Status: 'failed', DetailedStatusCode: 23010 },
    { kind: 'undelivered', code: '23010', reason: 'recipient', providerMessageId: 'a1', segments: 1 },
  ],
  [
    { Status: 'failed', DetailedStatusCode: null, SmsUnits: null },
    { kind: 'undelivered', providerMessageId: 'a1' },
  ],
  [
    { Status: 'sending', DetailedStatusCode: 21015, SmsUnits: 0 },
    { kind: 'pending', providerMessageId: 'a1' },
  ],
])('reads %j', async (fields, status) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => exotelText({ Sid: 'a1', ...fields }));
  expect(await provider.status?.(QUERY, never)).toEqual(status);
});

it('cannot find a text whose Sid never came back, and does not try', async () => {
  const { exotel, provider } = await setup();
  const { providerMessageId: _, ...query } = QUERY;
  expect(await provider.status?.(query, never)).toMatchObject({ kind: 'unclear', error: { code: 'NO_VENDOR_ID' } });
  expect(exotel.requests).toEqual([]);
});

it('does not take "No matching results" for a proof', async () => {
  const { provider } = await setup();
  expect(await provider.status?.(QUERY, never)).toMatchObject({ kind: 'unclear', error: { reason: 'unknown_outcome', status: 200 } });
});

it.each([
  ['another text', exotelText({ Sid: 'a2', DetailedStatusCode: 20005 }), 'unknown_outcome'],
  ['words that it does not know', exotelText({ Sid: 'a1', Status: 'lost', DetailedStatusCode: 1 }), 'unknown_outcome'],
  ['a no', exotelError(401, 34010), 'auth'],
  ['a limit', exotelError(429, 40403), 'throttled'],
])('learns nothing from %s', async (_what, reply, reason) => {
  const { exotel, provider } = await setup();
  exotel.respondWith(() => reply);
  expect(await provider.status?.(QUERY, never)).toMatchObject({ kind: 'unclear', error: { reason } });
  expect(exotel.requests).toHaveLength(1);
});
