import { expect, it } from 'vitest';
import { EXOTEL_DELIVERY, readDelivery } from '../../../src/provider/exotel/receipt.ts';

const ROWS: readonly [code: number, state: string, reason?: string][] = [
  [20000, 'delivered'],
  [20001, 'pending'],
  [20002, 'pending'],
  [20005, 'delivered'],
  [20006, 'delivered'],
  [21010, 'pending'],
  [21015, 'pending'],
  [21020, 'pending'],
  [23005, 'undelivered', 'recipient'],
  [23010, 'undelivered', 'recipient'],
  [23015, 'undelivered', 'content'],
  [23020, 'undelivered', 'recipient'],
  [23030, 'undelivered', 'recipient'],
  [23035, 'undelivered', 'recipient'],
  [23040, 'undelivered', 'recipient'],
  [23050, 'undelivered', 'recipient'],
  [23060, 'undelivered', 'content'],
  [23070, 'undelivered', 'content'],
  [23072, 'undelivered', 'auth'],
  [23080, 'undelivered', 'auth'],
  [23081, 'undelivered', 'auth'],
  [23082, 'undelivered', 'content'],
  [23083, 'undelivered', 'auth'],
  [23084, 'undelivered', 'recipient'],
  [23181, 'undelivered', 'auth'],
  [23182, 'undelivered', 'auth'],
  [23183, 'undelivered', 'auth'],
  [23184, 'undelivered', 'auth'],
  [23185, 'undelivered', 'content'],
  [23186, 'undelivered', 'content'],
  [23281, 'undelivered', 'auth'],
  [24010, 'undelivered', 'unavailable'],
  [24105, 'undelivered', 'recipient'],
  [24110, 'undelivered', 'unavailable'],
  [24120, 'undelivered', 'recipient'],
  [24990, 'undelivered', 'unavailable'],
  [30001, 'undelivered', 'content'],
  [30002, 'undelivered', 'auth'],
  [30003, 'undelivered', 'auth'],
  [30004, 'undelivered', 'recipient'],
];

it.each(ROWS)('%i is %s %s', (code, state, reason) => {
  // As a number in JSON and as text in a form; whatever the status word, the code says more.
  for (const given of [code, String(code)]) {
    const delivery = readDelivery({ Status: 'queued', DetailedStatusCode: given });
    expect(delivery).toMatchObject({ state, code: String(code) });
    expect([delivery?.reason, delivery?.unlisted]).toEqual([reason, undefined]);
  }
});

it('every row is tested', () => {
  expect([...EXOTEL_DELIVERY.keys()].sort()).toEqual(ROWS.map(([code]) => String(code)).sort());
});

it.each([
  [20999, 'delivered'],
  [21999, 'pending'],
  [23999, 'undelivered'],
  [24999, 'undelivered'],
  [30009, 'undelivered'],
])('%i, which it does not know, is %s by its range', (code, state) => {
  expect(readDelivery({ DetailedStatusCode: code })).toEqual({ state, code: String(code), unlisted: true });
});

it.each([
  ['queued', 'pending'],
  ['sending', 'pending'],
  ['submitted', 'pending'],
  ['sent', 'delivered'],
  ['delivered', 'delivered'],
  ['failed', 'undelivered'],
  ['failed_dnd', 'undelivered'],
  ['failed-dnd', 'undelivered'],
  ['expired', 'undelivered'],
  ['undelivered', 'undelivered'],
])('without a code, %s is %s', (Status, state) => {
  expect(readDelivery({ Status })?.state).toBe(state);
  expect(readDelivery({ Status, DetailedStatusCode: 99_999 })).toMatchObject({ state, code: '99999', unlisted: true });
});

it('does not guess', () => {
  expect(readDelivery({})).toBeUndefined();
  expect(readDelivery({ Status: 'lost', DetailedStatusCode: 99_999 })).toBeUndefined();
  expect(readDelivery({ Status: 7, DetailedStatusCode: {} })).toBeUndefined();
});
