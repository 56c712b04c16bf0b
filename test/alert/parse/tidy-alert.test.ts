import { describe, expect, test } from 'vitest';
import { dedupKeyOf } from '../../../src/alert/dedup-key.ts';
import { type AlertError, type Directory, parseAlert, readAlert } from '../../../src/alert/parse/parse-alert.ts';
import { severityTable } from '../../../src/alert/severity.ts';

const DIRECTORY: Directory = { strictNumbers: true };
const ALERT = { severity: 'critical', to: '+60123456789', text: 'Disk full' };
const LEAST = parseAlert(ALERT, DIRECTORY);

const OPTIONAL = ['id', 'status', 'template', 'purpose', 'source', 'instance', 'labels', 'dedupKey', 'raisedAt', 'expiresAt', 'remarks'];

describe('a field without a value is a field left out', () => {
  test.each(OPTIONAL.flatMap((field) => [null, '', ' \n'].map((value) => [field, value] as const)))('%s: %j', (field, value) => {
    expect(parseAlert({ ...ALERT, [field]: value }, DIRECTORY)).toEqual(LEAST);
  });

  test('within labels, and within a template', () => {
    expect(parseAlert({ ...ALERT, labels: { team: null, empty: '' } }, DIRECTORY).labels).toEqual({ empty: '' });
    const { text: _text, ...rest } = ALERT;
    const template = { name: 'hello', language: null, params: null };
    expect(parseAlert({ ...rest, template, text: null }, DIRECTORY).template).toEqual({ name: 'hello', params: {} });
    expect(parseAlert({ ...rest, template: { name: 'hello', params: [] } }, DIRECTORY).template).toEqual({ name: 'hello', params: {} });
  });

  test('an empty list of labels is what PHP writes for none', () => {
    expect(parseAlert({ ...ALERT, labels: [] }, DIRECTORY)).toEqual(LEAST);
  });

  test('of a required field it is still missing, in our words', () => {
    const issuesOf = (data: unknown) => (readAlert(data, DIRECTORY) as AlertError).issues.map(({ path, message }) => `${path}: ${message}`);
    expect(issuesOf({ ...ALERT, severity: null })).toEqual(['severity: is required: info, warning, error, critical']);
    expect(issuesOf({ ...ALERT, to: null })).toEqual([expect.stringMatching(/^to: is required/)]);
    expect(issuesOf({ ...ALERT, text: '' })).toEqual([expect.stringMatching(/^text: is required/)]);
  });
});

describe('a value is read as the text that it is written as', () => {
  test.each<[field: string, value: unknown, read: unknown]>([
    ['labels', { replicas: 3, ready: false, ratio: 0.5 }, { replicas: '3', ready: 'false', ratio: '0.5' }],
    ['id', 42, '42'],
    ['source', 7, '7'],
    ['instance', 9100, '9100'],
    ['dedupKey', 4711, '4711'],
    ['text', 503, '503'],
    ['status', ' Firing', 'firing'],
    ['purpose', 'NOTIFICATION', 'notification'],
  ])('%s: %j', (field, value, read) => {
    expect(parseAlert({ ...ALERT, [field]: value }, DIRECTORY)).toMatchObject({ [field]: read });
  });
});

describe('a time', () => {
  test.each<[unknown, string | undefined]>([
    ['2026-11-20T03:00:00Z', '2026-11-20T03:00:00Z'],
    ['2026-11-20t03:00:00z', '2026-11-20T03:00:00Z'],
    ['2026-11-20 03:00:00+0800', '2026-11-20T03:00:00+08:00'],
    ['2026-11-20T03:00Z', '2026-11-20T03:00:00Z'],
    [1_795_143_600, '2026-11-20T03:00:00.000Z'],
    [1_795_143_600_123, '2026-11-20T03:00:00.123Z'],
    ['1795143600', '2026-11-20T03:00:00.000Z'],
    // What stands for "never" in Java, .NET and JavaScript.
    [253402300799, '9999-12-31T23:59:59.000Z'],
    [253402300799999, '9999-12-31T23:59:59.999Z'],
    [253402300800000, '9999-12-31T23:59:59.999Z'],
    ['253402300799000000', '9999-12-31T23:59:59.000Z'],
    [9223372036854775807n.toString(), '2262-04-11T23:47:16.854Z'],
    [1_795_143_600_123_456, '2026-11-20T03:00:00.123Z'],
    [1_795_143_600_123_456_000, '2026-11-20T03:00:00.123Z'],
    ['0001-01-01T00:00:00Z', undefined],
    ['1970-01-01T00:00:00Z', undefined],
    [0, undefined],
  ])('%j is %s', (written, read) => {
    expect(parseAlert({ ...ALERT, raisedAt: written, expiresAt: written }, DIRECTORY)).toEqual({
      ...LEAST,
      ...(read === undefined ? {} : { raisedAt: read, expiresAt: read }),
    });
  });
});

describe('a dedup key of any length is taken', () => {
  const long = `hertzbeat/${'alertname:High CPU,instance:db-1,'.repeat(20)}`;
  const keyOf = (dedupKey: unknown) => dedupKeyOf(parseAlert({ ...ALERT, dedupKey }, DIRECTORY));

  test('one of up to 512 characters as it is, a longer one by its head and a hash', () => {
    expect(keyOf('x'.repeat(512))).toBe('x'.repeat(512));
    expect(keyOf(long)).toMatch(/^hertzbeat\/alertname:High CPU,.{70,100}~[\w-]{22}$/);
    expect(keyOf(long).length).toBeLessThan(130);
  });

  test('the same one gives the same, also read again; another one does not', () => {
    expect(keyOf(keyOf(long))).toBe(keyOf(long));
    expect(keyOf(`${long}x`)).not.toBe(keyOf(long));
  });
});

test('words of the config are read, and named where a word is unknown', () => {
  const severityWords = severityTable({ Scary: 'critical', low: 'warning' });
  const severityOf = (severity: unknown) => parseAlert({ ...ALERT, severity }, { ...DIRECTORY, severityWords }).severity;
  expect(['SCARY', 'low', 'critical', 3].map(severityOf)).toEqual(['critical', 'warning', 'critical', 'error']);
  expect(() => severityOf('scaryy')).toThrow(/^severity: unknown severity "scaryy": use critical \(.*\bcrit, .*\bscary\b/);
});
