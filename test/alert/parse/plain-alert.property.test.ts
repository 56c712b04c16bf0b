import fc from 'fast-check';
import { expect, it } from 'vitest';
import { alertSchema } from '../../../src/alert/alert.ts';
import { readPlainAlert } from '../../../src/alert/parse/plain-alert.ts';

const line = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'Disk full',
    ' padded ',
    'two\nlines',
    'tab\there',
    'größer',
    '\ud83d',
    'x'.repeat(256),
    'x'.repeat(512),
    'x'.repeat(1_601),
    '',
  ),
);
const anything = fc.oneof(line, fc.integer(), fc.boolean(), fc.constant(null), fc.array(line), fc.dictionary(line, line));
const entry = fc.constantFrom('+60123456789', 'contact:alice', '');
const recipients = fc.oneof(
  entry,
  fc.array(entry, { maxLength: 3 }),
  fc.constant(Array(1_001).fill('+60123456789')),
  fc.constant('x'.repeat(129)),
);

const fields = fc
  .record(
    {
      id: fc.oneof(fc.uuid(), line),
      severity: fc.constantFrom('critical', 'warning', 'info', 'fatal', 'Critical'),
      status: fc.constantFrom('firing', 'resolved', 'over'),
      to: recipients,
      text: line,
      purpose: fc.constantFrom('alert', 'verification', 'other'),
      source: line,
      instance: line,
      labels: fc.constantFrom({}, { a: 'b' }, []),
      dedupKey: line,
      template: fc.constant({ name: 't' }),
      raisedAt: fc.constant('2026-03-01T03:00:00Z'),
      other: anything,
    },
    { requiredKeys: [] },
  )
  .chain((whole) =>
    // Most random records have a fault: take a plain one and change a few fields.
    fc.subarray(Object.entries(whole), { maxLength: 3 }).map((some) => ({
      ...{ severity: 'critical', to: ['+60123456789'], text: 'Disk full', labels: {} },
      ...Object.fromEntries(some),
    })),
  );

it('what is read without the schema is what the schema would read, to the order of its fields', () => {
  let plain = 0;
  fc.assert(
    fc.property(fields, (data) => {
      const read = readPlainAlert(data);
      if (read === undefined) return;
      plain += 1;
      const parsed = alertSchema.parse(data);
      expect(JSON.stringify(read)).toBe(JSON.stringify(parsed));
      expect(read).toEqual(parsed);
    }),
    { numRuns: 3_000 },
  );
  expect(plain).toBeGreaterThan(300);
});

it.each(['critical', 'warning', 'info'])('the usual alert of severity %s needs no schema', (severity) => {
  const usual = { id: 'a-1', severity, to: '+60123456789', text: 'Database unreachable', source: 'db', dedupKey: 'db-1', status: 'firing' };
  expect(readPlainAlert(usual)).toEqual({ ...usual, to: ['+60123456789'], purpose: 'alert', labels: {} });
});
