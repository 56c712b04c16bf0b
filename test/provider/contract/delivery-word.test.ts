import { expect, it } from 'vitest';
import { readDeliveryWord } from '../../../src/provider/contract/receipt-reader.ts';

it.each([
  ['DELIVRD', 'delivered', undefined],
  ['DELIVERED', 'delivered', undefined],
  ['UNDELIV', 'undelivered', 'recipient'],
  ['UNDELIVERED', 'undelivered', 'recipient'],
  ['UNDELIVERABLE', 'undelivered', 'recipient'],
  ['EXPIRED', 'undelivered', 'recipient'],
  ['REJECTD', 'undelivered', 'content'],
  ['REJECTED', 'undelivered', 'content'],
  ['DELETED', 'undelivered', undefined],
  ['FAILED', 'undelivered', undefined],
  ['ACCEPTD', 'pending', undefined],
  ['ACCEPTED', 'pending', undefined],
  ['ENROUTE', 'pending', undefined],
  ['UNKNOWN', 'pending', undefined],
  ['PENDING', 'pending', undefined],
  ['QUEUED', 'pending', undefined],
  ['SENDING', 'pending', undefined],
  ['SENT', 'pending', undefined],
  ['SUBMITTED', 'pending', undefined],
])('%s is %s, in any spelling of its case', (word, state, reason) => {
  const expected = reason === undefined ? { state } : { state, reason };
  for (const spelt of [word, word.toLowerCase(), ` ${word.charAt(0)}${word.slice(1).toLowerCase()} `]) {
    expect(readDeliveryWord(spelt)).toEqual(expected);
  }
});

it.each(['', 'constructor', 'DELIV', 'DELIVRD 000', undefined, null, 5, ['DELIVRD']])('%s is no such word', (word) => {
  expect(readDeliveryWord(word)).toBeUndefined();
});
