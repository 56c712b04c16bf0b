import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AlertInput } from '../../src/alert/alert.ts';
import { dedupKeyOf } from '../../src/alert/dedup-key.ts';
import { parseAlert } from '../../src/alert/parse/parse-alert.ts';

const ALERT: AlertInput = {
  severity: 'critical',
  to: '+60123456789',
  text: 'Database unreachable',
  source: 'checkout',
  instance: 'db-1:5432',
  labels: { team: 'payments', region: 'kl' },
};
const { text: _text, ...WITHOUT_TEXT } = ALERT;
const TEMPLATE: AlertInput = { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: '1234', minutes: '5' } } };

const key = (alert: AlertInput) => dedupKeyOf(parseAlert(alert, { strictNumbers: true }));

test("the producer's own key wins", () => {
  expect(key({ ...ALERT, dedupKey: 'db-1/unreachable' })).toBe('db-1/unreachable');
});

test('a key of ours is a hash that keeps its formula, by which claims of an older version are found', () => {
  expect(key(ALERT)).toBe('auto-iuduY4zpoOy6HadYRM-4Zl');
  expect(key(TEMPLATE)).toBe('auto-hDF9WV1YzdD1i2QzuJytk6');
});

describe('two alerts are about the same when they differ in', () => {
  test.each<[string, AlertInput]>([
    ['severity', { ...ALERT, severity: 'info' }],
    ['recipient', { ...ALERT, to: ['contact:alice'] }],
    ['id', { ...ALERT, id: 'another' }],
    ['purpose', { ...ALERT, purpose: 'notification' }],
    ['time', { ...ALERT, raisedAt: '2026-11-20T03:00:00Z', expiresAt: '2026-11-20T04:00:00Z' }],
    ['the order of labels', { ...ALERT, labels: { region: 'kl', team: 'payments' } }],
    ['spaces around the text', { ...ALERT, text: ' Database unreachable\n' }],
    ['being over', { ...ALERT, status: 'resolved' }],
  ])('%s', (_name, other) => {
    expect(key(other)).toBe(key(ALERT));
  });

  test('the order of template parameters', () => {
    const other = { ...TEMPLATE, template: { name: 'login-code', params: { minutes: '5', code: '1234' } } };
    expect(key(other)).toBe(key(TEMPLATE));
  });
});

describe('two alerts are not about the same when they differ in', () => {
  test.each<[string, AlertInput]>([
    ['text', { ...ALERT, text: 'Database slow' }],
    ['source', { ...ALERT, source: 'billing' }],
    ['instance', { ...ALERT, instance: 'db-2:5432' }],
    ['a label', { ...ALERT, labels: { team: 'payments', region: 'sg' } }],
    ['having a label', { ...ALERT, labels: { team: 'payments' } }],
    ['which label has which value', { ...ALERT, labels: { team: 'kl', region: 'payments' } }],
    ['which field holds a value', { ...ALERT, source: ALERT.instance, instance: ALERT.source }],
    ['template or text', { ...WITHOUT_TEXT, template: { name: 'Database unreachable' } }],
  ])('%s', (_name, other) => {
    expect(key(other)).not.toBe(key(ALERT));
  });

  test('the template or a parameter of it', () => {
    const keys = [
      TEMPLATE.template,
      { name: 'other', params: { code: '1234', minutes: '5' } },
      { name: 'login-code', params: { code: '1235', minutes: '5' } },
    ].map((template) => key({ ...WITHOUT_TEXT, template }));
    expect(new Set(keys).size).toBe(3);
  });
});

test('any labels give the same key in any order', () => {
  const labels = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })), {
    selector: ([name]) => name,
    maxLength: 6,
  });
  fc.assert(
    fc.property(labels, (entries) => {
      const there = key({ ...ALERT, labels: Object.fromEntries(entries) });
      expect(there).toMatch(/^auto-[\w-]{22}$/);
      expect(key({ ...ALERT, labels: Object.fromEntries(entries.toReversed()) })).toBe(there);
    }),
  );
});
