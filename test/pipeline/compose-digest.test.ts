import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments } from '../../src/alert/segments.ts';
import { SEVERITIES, type Severity } from '../../src/alert/severity.ts';
import type { DigestContent } from '../../src/ledger/digests.ts';
import { composeDigest, DIGEST_SEGMENTS, lineOf } from '../../src/pipeline/compose-digest.ts';
import type { Message } from '../../src/pipeline/message.ts';

const at = (time: string) => Date.parse(`2026-11-20T${time}:00Z`);
const none = { info: 0, warning: 0, error: 0, critical: 0 };
const line = (severity: Severity, text: string) => ({ severity, text, alertId: 'a1' });
const content = (over: Partial<DigestContent> = {}): DigestContent => ({
  count: 37,
  counts: { ...none, critical: 3, error: 12, warning: 22 },
  lines: [line('critical', 'db-1 down'), line('error', 'disk full')],
  firstAt: at('03:02'),
  lastAt: at('03:11'),
  closedAt: at('03:12'),
  as: '{}',
  total: 0,
  quietSince: 0,
  next: undefined,
  ...over,
});
const utc = { timeZone: undefined, transliterate: false };
const counted = '37 alerts held back since 03:02 UTC: 3 critical, 12 error, 22 warning.';

describe('a digest says', () => {
  test.each<[name: string, content: DigestContent, text: string]>([
    [
      'how many there are of each severity, and the newest first',
      content(),
      `${counted} Newest: CRITICAL db-1 down; ERROR disk full; +35 more`,
    ],
    [
      'no more than there is, for a single alert',
      content({ count: 1, counts: { ...none, info: 1 }, lines: [line('info', 'backup done')] }),
      '1 alert held back since 03:02 UTC: 1 info. Newest: INFO backup done',
    ],
    [
      'that a storm begins',
      content({ storm: 'begins', lines: [line('critical', 'db-1 down')] }),
      `Alert storm: what is too much now comes as digests. ${counted} Newest: CRITICAL db-1 down; +36 more`,
    ],
    ['nothing of a storm that goes on', content({ storm: 'goes on', lines: [] }), `${counted}`],
    [
      'that a storm is over',
      content({ count: 0, counts: none, lines: [], storm: 'over', total: 10_000, quietSince: at('03:12') }),
      'Alert storm over: nothing new since 03:12 UTC; 10,000 alerts held back in all.',
    ],
    [
      'both what came last and that it is over',
      content({ lines: [line('error', 'disk full')], storm: 'over', total: 1_000, quietSince: at('03:05') }),
      `Alert storm over: nothing new since 03:05 UTC; 1,000 alerts held back in all. ${counted} Newest: ERROR disk full; +36 more`,
    ],
  ])('%s', (_name, digest, text) => {
    expect(composeDigest(digest, utc)).toBe(text);
  });

  test('the time by the clock of its recipient, with the date where that is another one', () => {
    const night = content({ lines: [], closedAt: at('23:30') });
    expect(composeDigest(night, { ...utc, timeZone: 'Asia/Kuala_Lumpur' })).toContain('since 20 Nov 11:02: 3 critical');
    expect(composeDigest(content({ lines: [] }), { ...utc, timeZone: 'Asia/Kuala_Lumpur' })).toContain('since 11:02: 3 critical');
  });

  test('in GSM-7 what its route wants so', () => {
    const typographic = content({ lines: [line('error', 'disk “sda” full')] });
    expect(composeDigest(typographic, { ...utc, transliterate: true })).toContain('ERROR disk "sda" full');
    expect(composeDigest(typographic, utc)).toContain('ERROR disk “sda” full');
  });

  test('at least the head of the newest, however long all is', () => {
    const long = content({ storm: 'over', total: 99_999, quietSince: at('03:05'), lines: [line('error', '磁盘已满'.repeat(15))] });
    expect(composeDigest(long, utc)).toMatch(/^Alert storm over/);
    expect(countSegments(composeDigest(long, utc))).toBeLessThanOrEqual(DIGEST_SEGMENTS);
  });

  test('whatever it tells, in no more segments than it may take, and counts what it leaves out', () => {
    const lines = fc.array(fc.record({ severity: fc.constantFrom(...SEVERITIES), text: fc.string({ unit: 'grapheme', maxLength: 60 }) }), {
      minLength: 1,
      maxLength: 20,
    });
    const storms = fc.constantFrom<(DigestContent['storm'] | undefined)[]>('begins', 'goes on', 'over', undefined);
    fc.assert(
      fc.property(lines, storms, fc.boolean(), fc.nat(100_000), (some, storm, transliterate, more) => {
        const count = some.length + more;
        const told = content({
          count,
          counts: { ...none, warning: count },
          lines: some.map(({ severity, text }) => line(severity, text)),
          total: count,
          quietSince: at('03:05'),
          ...(storm === undefined ? {} : { storm }),
        });
        expect(countSegments(composeDigest(told, { timeZone: undefined, transliterate }))).toBeLessThanOrEqual(DIGEST_SEGMENTS);
      }),
      { numRuns: 200 },
    );
  });
});

describe('of an alert a digest keeps', () => {
  const message = (instance: string, said: string) =>
    ({ severity: 'error', alertId: 'a1', variables: { instance, priority: 'ERROR', content: said } }) as Message;

  test('where and what, on one line', () => {
    expect(lineOf(message('db-1:5432', 'disk\n  full '))).toEqual({ severity: 'error', alertId: 'a1', text: 'db-1:5432 disk full' });
    expect(lineOf(message('', 'disk full')).text).toBe('disk full');
  });

  test('that it is over, of a resolved text, which is an info and no news of trouble', () => {
    const resolved = lineOf({
      ...message('db-1', 'disk full'),
      severity: 'info',
      variables: { instance: 'db-1', priority: 'RESOLVED', content: 'disk full' },
    });
    const counts = { ...none, info: 1 };
    expect(composeDigest(content({ count: 1, counts, lines: [resolved] }), utc)).toMatch(/Newest: RESOLVED db-1 disk full$/);
  });

  test('the first 60 characters', () => {
    expect(lineOf(message('', 'x'.repeat(61))).text).toBe(`${'x'.repeat(57)}...`);
    expect(lineOf(message('', 'x'.repeat(60))).text).toBe('x'.repeat(60));
  });
});
