import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRetryAfter, parseRetryAfterMs } from '../../src/http-client/read-answer.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

it.each([
  ['0', '2026-11-20T03:00:00.000Z'],
  ['7', '2026-11-20T03:00:07.000Z'],
  [' 120 ', '2026-11-20T03:02:00.000Z'],
  ['86400', '2026-11-21T03:00:00.000Z'],
  ['86401', '2026-11-21T03:00:00.000Z'],
  ['9'.repeat(400), '2026-11-21T03:00:00.000Z'],
  ['Fri, 20 Nov 2026 03:00:30 GMT', '2026-11-20T03:00:30.000Z'],
  ['Friday, 20-Nov-26 03:00:30 GMT', '2026-11-20T03:00:30.000Z'],
  ['Fri, 20 Nov 2026 02:00:00 GMT', '2026-11-20T03:00:00.000Z'],
  ['Fri, 20 Nov 2099 03:00:00 GMT', '2026-11-21T03:00:00.000Z'],
])('reads %s', (value, at) => {
  expect(parseRetryAfter(value, NOW)?.toISOString()).toBe(at);
});

it.each([undefined, '', '-5', '1.5', '0x10', 'soon', '2026-11-20T03:00:30Z', '5, 7', 'Fri, nonsense GMT'])(
  'takes %s for nothing',
  (value) => {
    expect(parseRetryAfter(value, NOW)).toBeUndefined();
  },
);

it('never gives a moment in the past or further off than a day', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        fc.bigInt().map(String),
      ),
      (value) => {
        const waitMs = (parseRetryAfter(value, NOW)?.getTime() ?? NOW.getTime()) - NOW.getTime();
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(86_400_000);
      },
    ),
  );
});

it.each([
  ['0', 0],
  ['2500', 2_500],
  ['86400001', 86_400_000],
  ['9'.repeat(400), 86_400_000],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  ['soon', undefined],
  [undefined, undefined],
])('reads %s as a wait in milliseconds', (value, ms) => {
  expect(parseRetryAfterMs(value)).toBe(ms);
});
