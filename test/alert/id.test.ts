import { describe, expect, test } from 'vitest';
import { ALERT_ID_PATTERN, alertIdOfJob, hash, type JobIdentity, messageId, newAlertId } from '../../src/alert/id.ts';

test.each(['a', 'order-42.paid', 'A_Z.0-9', 'x'.repeat(128)])('%.40j may be an id', (id) => {
  expect(id).toMatch(ALERT_ID_PATTERN);
});

test.each(['', ' ', 'order 42', 'a:b', 'a/b', '{a}', 'ä', 'a\n', 'a\u0000', 'x'.repeat(129)])('%.40j may not be an id', (id) => {
  expect(id).not.toMatch(ALERT_ID_PATTERN);
});

const job = (jobId: string, over: Partial<JobIdentity> = {}): JobIdentity => ({ jobId, timestamp: 1_000, data: {}, ...over });

describe('what we make ourselves', () => {
  test('is an id that a caller could have given', () => {
    for (const id of [newAlertId(), alertIdOfJob(job('1')), alertIdOfJob(job('a:b c\n')), messageId('a', '+60123456789')]) {
      expect(id).toMatch(ALERT_ID_PATTERN);
    }
  });

  test('is new for every new alert', () => {
    expect(new Set(Array.from({ length: 1000 }, newAlertId)).size).toBe(1000);
  });

  test('is the same for the same job, and for the same alert and phone', () => {
    expect(alertIdOfJob(job('7'))).toBe(alertIdOfJob(job('7')));
    expect(alertIdOfJob(job('7'))).not.toBe(alertIdOfJob(job('8')));
    expect(messageId('a', '+60123456789')).toBe(messageId('a', '+60123456789'));
    expect(messageId('a', '+60123456789')).not.toBe(messageId('b', '+60123456789'));
    expect(messageId('a', '+60123456789')).not.toBe(messageId('a', '+60123456780'));
  });

  test('gives no phone number away', () => {
    expect(messageId('a', '+60123456789')).not.toMatch(/\d{7}/);
  });

  test('keeps its formula, by which a job that waits since an older version is known again', () => {
    expect(alertIdOfJob(job('7', { timestamp: 1_780_000_000_000 }))).toBe('q-oAHlp1SEErkOBrYmd1tPv2');
    expect(messageId('order-42', '+60123456789')).toBe('m-8pAMqGE3rDcpGkUggCg9N5');
  });
});

describe('a job id that is used again', () => {
  test('is another alert when the job was added at another time', () => {
    expect(alertIdOfJob(job('7', { timestamp: 2_000 }))).not.toBe(alertIdOfJob(job('7')));
  });

  test('is the same alert when its job runs again with modified data', () => {
    expect(alertIdOfJob(job('7', { data: { text: 'b' } }))).toBe(alertIdOfJob(job('7', { data: { text: 'a' } })));
  });

  test.each([Number.NaN, 0, -5, 1.5, Number.POSITIVE_INFINITY, undefined as unknown as number])(
    'with the time %s is known by its data',
    (timestamp) => {
      const id = (data: unknown) => alertIdOfJob({ jobId: '7', timestamp, data });
      expect(id({ text: 'a' })).toBe(id({ text: 'a' }));
      expect(id({ text: 'a' })).not.toBe(id({ text: 'b' }));
      expect(id(undefined)).toMatch(ALERT_ID_PATTERN);
    },
  );
});

test('parts do not run into one another', () => {
  expect(hash('ab', 'c')).not.toBe(hash('a', 'bc'));
  expect(hash('a', '')).not.toBe(hash('a'));
});
