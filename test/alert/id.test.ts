import { describe, expect, test } from 'vitest';
import { ALERT_ID_PATTERN, alertIdOfJob, hash, messageId, newAlertId } from '../../src/alert/id.ts';

test.each(['a', 'order-42.paid', 'A_Z.0-9', 'x'.repeat(128)])('%.40j may be an id', (id) => {
  expect(id).toMatch(ALERT_ID_PATTERN);
});

test.each(['', ' ', 'order 42', 'a:b', 'a/b', '{a}', 'ä', 'a\n', 'a\u0000', 'x'.repeat(129)])('%.40j may not be an id', (id) => {
  expect(id).not.toMatch(ALERT_ID_PATTERN);
});

describe('what we make ourselves', () => {
  test('is an id that a caller could have given', () => {
    for (const id of [newAlertId(), alertIdOfJob('1'), alertIdOfJob('a:b c\n'), messageId('a', '+60123456789')]) {
      expect(id).toMatch(ALERT_ID_PATTERN);
    }
  });

  test('is new for every new alert', () => {
    expect(new Set(Array.from({ length: 1000 }, newAlertId)).size).toBe(1000);
  });

  test('is the same for the same job, and for the same alert and phone', () => {
    expect(alertIdOfJob('7')).toBe(alertIdOfJob('7'));
    expect(alertIdOfJob('7')).not.toBe(alertIdOfJob('8'));
    expect(messageId('a', '+60123456789')).toBe(messageId('a', '+60123456789'));
    expect(messageId('a', '+60123456789')).not.toBe(messageId('b', '+60123456789'));
    expect(messageId('a', '+60123456789')).not.toBe(messageId('a', '+60123456780'));
  });

  test('gives no phone number away', () => {
    expect(messageId('a', '+60123456789')).not.toMatch(/\d{7}/);
  });

  test('keeps its formula, by which a job that waits since an older version is known again', () => {
    expect(alertIdOfJob('7')).toBe('q-CifB-EJ_Ud1G3rV7lUu0Ke');
    expect(messageId('order-42', '+60123456789')).toBe('m-8pAMqGE3rDcpGkUggCg9N5');
  });
});

test('parts do not run into one another', () => {
  expect(hash('ab', 'c')).not.toBe(hash('a', 'bc'));
  expect(hash('a', '')).not.toBe(hash('a'));
});
