import { describe, expect, it } from 'vitest';
import { isShownId, looksLikePhone, maskData, maskOwn, maskWords, shownAlertId } from '../../../src/http/console/mask.ts';

describe('words', () => {
  it.each([
    ['tel:+60123456789', 'tel:+60*******789'],
    ['order-60123456789.paid', 'order-+60*******789.paid'],
    ['call 012-345 67 89 now', 'call +*******789 now'],
    ['60 12 345 6789', '+60*******789'],
    ['2026-11-20-60123456789', '+20*******789'],
  ])('%j has its number masked', (text, masked) => {
    expect(maskWords(text).replace(/\+\d*\*/, '+*')).toBe(masked.replace(/\+\d*\*/, '+*'));
    expect(maskWords(text)).not.toMatch(/\d{7}/);
  });

  it.each([
    'waits until 2026-11-20T03:00:00.000Z, since 2026-11-19',
    'same dedup key as alert a-12345678-1234-4234-8234-123456789012',
    'm-1234567890abcdefghijkl',
    'alertmanager/8f12345671a9b0c2/x',
    'HTTP 400, code 21211',
  ])('%j stays as it is', (text) => {
    expect(maskWords(text)).toBe(text);
  });
});

it('an id that contains a number is masked, distinguishable from similar ids, and found again', () => {
  expect(shownAlertId('order-42.paid')).toBe('order-42.paid');
  const [one, other] = ['60123456789', '60129956789'].map(shownAlertId);
  expect(one).toMatch(/^\+60\*{7}789~[\w-]{2}$/);
  expect(one).not.toBe(other);
  expect([one, 'order-42.paid', 'a~bc'].map((id) => isShownId(id as string))).toEqual([true, false, false]);
});

it.each([
  ['+60123456789', true],
  ['tel:+60 12-345 6789', true],
  ['(012) 345 6789', true],
  ['\uff0b60123456789', true],
  ['\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669', true],
  ['\u200b+60\u202f12\u202f345\u202f6789', true],
  ['whatsapp:+60123456789', true],
  ['60123456789.0', true],
  ['alice', false],
  ['order-60123456789', false],
  ['2026-11-20', false],
  ['12345', false],
])('whether %j is a phone number: %s', (query, is) => {
  expect(looksLikePhone(query)).toBe(is);
});

it("a job's data shows no number, however it is written, and nothing of what is said", () => {
  const data = {
    id: '60123456789',
    to: [60123456789, '+60123456789', 'contact:alice'],
    text: 'secret',
    body: 'Your code is 1234',
    message: { to: '+60123456789', text: 'secret' },
    template: { name: 'login', params: { code: '1234' } },
    labels: { '60123456789': 'x' },
    expiresAt: 1_795_160_000_000,
    segments: 2,
  };
  expect(maskData(data)).toEqual({
    id: '+60*******789',
    to: ['+60*******789', '+60*******789', 'contact:alice'],
    text: 'not shown',
    body: 'not shown',
    message: { to: '+60*******789', text: 'not shown' },
    template: { name: 'login', params: 'not shown' },
    labels: { '+60*******789': 'x' },
    expiresAt: 1_795_160_000_000,
    segments: 2,
  });
});

it.each([
  ['60123456789-1795254206607', '+60*******789-1795254206607'],
  ['r0123456789x', 'r+60*******789x'],
  ['SM1234567890abcdef1234567890abcdef', 'SM1234567890abcdef1234567890abcdef'],
  ['2019:-8034500000000000111', '2019:-8034500000000000111'],
])("a vendor's id %j is whole but for the phone's own number", (id, shown) => {
  expect(maskOwn(id, '+60*******789')).toBe(shown);
});
