import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countSegments } from '../../../src/alert/segments.ts';
import { SEVERITIES, type Severity } from '../../../src/alert/severity.ts';
import type { DigestContent, DigestLine } from '../../../src/ledger/digest/digests.ts';
import {
  type DigestRoom,
  type DigestStyle,
  FEW_SEGMENTS,
  lineOf,
  MOST_SEGMENTS,
  NAMED,
  planDigest,
} from '../../../src/pipeline/digest/compose-digest.ts';
import type { Message } from '../../../src/pipeline/message.ts';

const at = (time: string) => Date.parse(`2026-11-20T${time}:00Z`);
const none = { info: 0, warning: 0, error: 0, critical: 0 };
const line = (severity: Severity, text: string): DigestLine => ({
  ...{ severity, text, alertId: 'a1', messageId: 'm1', dedupHash: 'd1' },
  ...{ receivedAt: at('03:01'), at: at('03:02') },
});
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
  text: undefined,
  ...over,
});
const utc: DigestStyle = { timeZone: undefined, transliterate: false };
const WIDE: DigestRoom = { segments: MOST_SEGMENTS, characters: Number.POSITIVE_INFINITY, rule: 'gsm7' };
const composeDigest = (digest: DigestContent, style: DigestStyle) => planDigest(digest, style, WIDE).text;
const counted = '37 alerts held back since 03:02 UTC: 3 critical, 12 error, 22 warning.';

describe('a digest contains', () => {
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
      `Alert storm: further alerts come as digests. ${counted} Newest: CRITICAL db-1 down; +36 more`,
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

  test('in GSM-7 as its route requires', () => {
    const typographic = content({ lines: [line('error', 'disk “sda” full')] });
    expect(composeDigest(typographic, { ...utc, transliterate: true })).toContain('ERROR disk "sda" full');
    expect(composeDigest(typographic, utc)).toContain('ERROR disk “sda” full');
  });

  test('at least the head of the newest, however long all is', () => {
    const long = content({
      storm: 'over',
      total: 99_999,
      quietSince: at('03:05'),
      lines: [line('error', '磁盘已满'.repeat(15))],
      count: NAMED + 1,
    });
    expect(composeDigest(long, utc)).toMatch(/^Alert storm over/);
    expect(countSegments(composeDigest(long, utc))).toBeLessThanOrEqual(FEW_SEGMENTS);
  });

  test('all alerts that fit into its segments, and counts the others', () => {
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
        expect(countSegments(composeDigest(told, { timeZone: undefined, transliterate }))).toBeLessThanOrEqual(
          count > NAMED ? FEW_SEGMENTS : MOST_SEGMENTS,
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('of an alert a digest keeps', () => {
  const message = (instance: string, said: string) =>
    ({
      ...{ id: 'm1', severity: 'error', alertId: 'a1', dedupHash: 'd1', receivedAt: at('03:01') },
      variables: { instance, priority: 'ERROR', content: said },
    }) as Message;
  const kept = (from: Message) => lineOf(from, new Date(at('03:02')));

  test('where and what, on one line, and what it is found again by', () => {
    expect(kept(message('db-1:5432', 'disk\n  full '))).toEqual(line('error', 'db-1:5432 disk full'));
    expect(kept(message('', 'disk full')).text).toBe('disk full');
  });

  test('for a resolved message that it is resolved, as an info and not as a new problem', () => {
    const resolved = kept({
      ...message('db-1', 'disk full'),
      severity: 'info',
      variables: { instance: 'db-1', priority: 'RESOLVED', content: 'disk full' },
    });
    const counts = { ...none, info: 1 };
    expect(composeDigest(content({ count: 1, counts, lines: [resolved] }), utc)).toMatch(/Newest: RESOLVED db-1 disk full$/);
  });

  test('the first 120 characters', () => {
    expect(kept(message('', 'x'.repeat(121))).text).toBe(`${'x'.repeat(117)}...`);
    expect(kept(message('', 'x'.repeat(120))).text).toBe('x'.repeat(120));
  });
});

describe('up to 200 alerts each have their name', () => {
  /** Newest first, as a digest keeps them. */
  const held = (texts: readonly string[], severity: Severity = 'critical'): DigestContent => {
    const lines = texts.map((text, n) => ({ ...line(severity, text), messageId: `m${n}`, at: at('03:02') + n })).toReversed();
    return content({ count: texts.length, counts: { ...none, [severity]: texts.length }, lines });
  };
  const numbered = (count: number, text: (nth: number) => string) => Array.from({ length: count }, (_, nth) => text(nth));

  test('whole and by severity where two segments are too few', () => {
    const { text, left } = planDigest(held(numbered(55, (n) => `problem ${n} of the night`)), utc, WIDE);
    expect(left).toEqual([]);
    expect(text).toMatch(/^55 alerts held back since 03:02 UTC: 55 critical\. CRITICAL problem 0 of the night; problem 1 of the night; /);
    for (let n = 0; n < 55; n += 1) expect(text).toMatch(new RegExp(`problem ${n} of the night(;|$)`));
    expect(text.length).toBeLessThanOrEqual(1600);
  });

  test('with one word for each where they differ in one word and do not fit whole', () => {
    const { text, left } = planDigest(held(numbered(120, (n) => `The disk of database server db-${n} is full`)), utc, WIDE);
    expect(left).toEqual([]);
    expect(text).toContain('CRITICAL The disk of database server db-0, db-1, db-2, ');
    expect(text).toMatch(/, db-119 is full$/);
  });

  test('in the next digest where this one has no room, criticals and the oldest first', () => {
    const words = (n: number) => `${'abcdefghij'[n % 10]}${n} went down because of ${n * 7919} and then ${n * 104729}`;
    const criticals = held(numbered(60, words));
    const infos = held(['all is done'], 'info');
    const mixed = { ...criticals, count: 61, counts: { ...none, critical: 60, info: 1 }, lines: [...infos.lines, ...criticals.lines] };
    const { text, left, named } = planDigest(mixed, utc, WIDE);
    // Twilio, SNS and Exotel refuse more than 1,600 characters.
    expect(text.length).toBeGreaterThan(1_300);
    expect(text.length).toBeLessThanOrEqual(1_600);
    expect(named + left.length).toBe(61);
    expect(left.at(-1)?.severity).toBe('info');
    expect(text).toMatch(
      new RegExp(`^${named} alerts held back since 03:02 UTC: ${named} critical\\. ${left.length} more will follow\\. CRITICAL `),
    );
    for (let n = 0; n < 60; n += 1) expect(text.includes(words(n))).toBe(n < named);
  });

  test('one by one where a template has a variable of 35 characters, and the next digest has the rest', () => {
    const room: DigestRoom = { ...WIDE, characters: 35, noLinks: true };
    const { text, left } = planDigest(held(['db-1 unreachable', 'disk of db-2 full', 'api.example.com down']), utc, room);
    expect(text).toBe('+2 db-1 unreachable');
    expect(left.map(({ text: name }) => name)).toEqual(['disk of db-2 full', 'api.example.com down']);
    expect(text.length).toBeLessThanOrEqual(35);
  });

  test('and resolved alerts come last, marked as such', () => {
    const [a, b] = held(['disk full', 'db-1 down']).lines as [DigestLine, DigestLine];
    const two = content({
      count: 2,
      counts: { ...none, critical: 2 },
      lines: [
        { ...a, ended: 'resolved' },
        { ...b, ended: 'acknowledged' },
      ],
    });
    expect(composeDigest(two, utc)).toMatch(/Newest: RESOLVED db-1 down; ACKNOWLEDGED disk full$/);
  });

  test('of more the newest criticals are named and the rest is counted', () => {
    const many = held(numbered(NAMED + 1, (n) => `problem ${n}`));
    const { text, left } = planDigest(many, utc, WIDE);
    expect(left).toEqual([]);
    expect(text).toMatch(/Newest: CRITICAL problem 200; CRITICAL problem 199; .*; \+1\d\d more$/);
  });

  test('with any text, in any number of digests: each in exactly one, none shortened to the text of another', () => {
    const word = fc.stringMatching(/^[a-z]{1,9}$/);
    const texts = fc.uniqueArray(
      fc.tuple(word, fc.nat(999), word).map(([a, n, b]) => `${a} ${n} ${b}`),
      { minLength: 1, maxLength: NAMED },
    );
    const rooms = fc.record({
      segments: fc.integer({ min: 1, max: MOST_SEGMENTS }),
      characters: fc.constantFrom(35, 70, 400, Number.POSITIVE_INFINITY),
    });
    fc.assert(
      fc.property(texts, rooms, (some, { segments, characters }) => {
        const room: DigestRoom = { segments, characters, rule: 'gsm7' };
        let next = held(some);
        const seen: string[] = [];
        while (next.count > 0) {
          const { text, left, named } = planDigest(next, utc, room);
          expect(countSegments(text)).toBeLessThanOrEqual(segments);
          expect(text.length).toBeLessThanOrEqual(characters);
          const names = next.lines.filter((one) => !left.includes(one));
          expect(names).toHaveLength(named);
          expect(named).toBeGreaterThan(0);
          // Each by the words that tell it apart.
          for (const { text: name } of names) for (const part of name.slice(0, 30).split(' ')) expect(text).toContain(part);
          seen.push(...names.map(({ messageId }) => messageId));
          next = {
            ...next,
            count: left.length,
            counts: { ...none, critical: left.length },
            lines: next.lines.filter((one) => left.includes(one)),
          };
        }
        expect(seen.toSorted()).toEqual(some.map((_, n) => `m${n}`).toSorted());
      }),
      { numRuns: 60 },
    );
  });
});
