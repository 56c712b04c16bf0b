import { describe, expect, test } from 'vitest';
import { ackCodesOf, ackTail, readAckReply } from '../../src/alert/ack-code.ts';
import { countSegments, isGsm7 } from '../../src/alert/segments.ts';

describe('the codes of an alert', () => {
  test('are the same at every look, and differ from one another and from those of other alerts', () => {
    expect(ackCodesOf('a-1', 4)).toEqual(ackCodesOf('a-1', 4));
    expect(ackCodesOf('a-1', 4).slice(0, 2)).toEqual(ackCodesOf('a-1', 2));
    expect(new Set([...ackCodesOf('a-1', 4), ...ackCodesOf('a-2', 4)]).size).toBe(8);
  });

  test('have four characters, a letter and a digit among them, and none that is read for another', () => {
    for (let n = 0; n < 2000; n += 1) {
      const [code] = ackCodesOf(`alert-${n}`, 1);
      expect(code).toMatch(/^(?=.*\d)(?=.*[A-Z])[A-Z\d]{4}$/);
      expect(code).not.toMatch(/[01OIL]/);
    }
  });

  test('take every character that they may', () => {
    const used = new Set(Array.from({ length: 2000 }, (_, n) => ackCodesOf(`alert-${n}`, 1)[0] as string).join(''));
    expect([...used].sort().join('')).toBe('23456789ABCDEFGHJKMNPQRSTUVWXYZ');
  });

  test('need few GSM-7 characters in a message', () => {
    expect(ackTail('K7Q2')).toBe(' Ack: reply K7Q2');
    expect(isGsm7(ackTail('K7Q2'))).toBe(true);
    expect(countSegments('a'.repeat(144) + ackTail('K7Q2'))).toBe(1);
  });
});

test.each<[text: string, codes: string[], bare: boolean]>([
  ['K7Q2', ['K7Q2'], false],
  ['k7q2', ['K7Q2'], false],
  ['Ack K7Q2', ['K7Q2'], false],
  ['ok k7q2 on it', ['K7Q2'], false],
  ['"K7Q2".', ['K7Q2'], false],
  ['Ｋ７Ｑ２', ['K7Q2'], false],
  ['k7q2 and M3PX, k7q2', ['K7Q2', 'M3PX'], false],
  ['ack', [], true],
  [' OK! ', [], true],
  ['Okay', [], true],
  ['acknowledged', [], true],
  ['ok ok', [], false],
  ['ok, on my way', [], false],
  ['no', [], false],
  ['seen, will look', [], false],
  ['call 2345', [], false],
  ['K7Q22', [], false],
  ['k7-q2', [], false],
  ['', [], false],
])('a reply that says "%s"', (text, codes, bare) => {
  expect(readAckReply(text)).toEqual({ codes, bare });
});
