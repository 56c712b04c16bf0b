import type { Random } from '../chaos/random.ts';

/** JSON that no value stringifies to; a string `@raw:<index>@` in a document stands for it. */
const RAW_JSON = [
  '1e400',
  '-1e400',
  '1e-400',
  '99999999999999999999999999999999',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u0000"',
  '01',
  'NaN',
  "'text'",
  '"\n"',
  `${'['.repeat(3000)}1${']'.repeat(3000)}`,
  `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`,
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":null,"length":-1}',
] as const;

/** The one phone number that fuzzed inputs hold; it must not be seen whole anywhere. */
export const PHONE = '+60198765432';

export const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\u001b[31m\u001b]0;title\u0007',
  '\u009b31m',
  '\u202eevil\u2066',
  '\ufeffx',
  '\ud800',
  'x'.repeat(5000),
  'ä'.repeat(700),
  '🔥'.repeat(200),
  '__proto__',
  'constructor',
  'toString',
  '$' + '{HOME}',
  '{ack}',
  '%00',
  '../../etc/passwd',
  "'; DROP TABLE alerts; --",
  '<script>alert(1)</script>',
  '=cmd|calc',
  'a:b:c',
  '*',
  'group:',
  'contact:__proto__',
  'group:oncall',
  'rotation:constructor',
  PHONE,
  '0x10',
  '1e3',
  'null',
  'true',
  'resolved',
  'firing',
  'critical',
  'P1',
  '2026-13-45T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '-000001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '0001-01-01T00:00:00Z',
] as const;

const ODD_NUMBERS = [0, -0, -1, 1, 0.1, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e308, 5e-324, 1795143600, 1795143600123, 60198765432] as const;

export function oddValue(random: Random): unknown {
  switch (random.between(0, 9)) {
    case 0:
      return random.pick([null, true, false, [], {}, [[]], [null], { a: { b: {} } }]);
    case 1:
    case 2:
      return random.pick(ODD_NUMBERS);
    case 3:
    case 4:
      return `@raw:${random.between(0, RAW_JSON.length - 1)}@`;
    case 5:
      return Array.from({ length: random.pick([1, 2, 30, 1500]) }, () => random.pick(ODD_TEXTS.slice(0, 8)));
    default:
      return random.pick(ODD_TEXTS);
  }
}

/** A copy of the value with up to three of its places changed. */
export function mutateValue(value: unknown, random: Random): unknown {
  let changed = value;
  const times = random.pick([0, 1, 1, 1, 2, 3]);
  for (let time = 0; time < times; time++) changed = changeOnce(changed, random);
  return changed;
}

function changeOnce(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.next() < 0.06) return oddValue(random);
  if (Array.isArray(value)) {
    const at = random.between(0, Math.max(0, value.length - 1));
    switch (value.length === 0 ? 0 : random.between(0, 5)) {
      case 0:
        return [...value, oddValue(random)];
      case 1:
        return value.toSpliced(at, 1);
      case 2:
        return [...value, value[at]];
      default:
        return value.with(at, changeOnce(value[at], random));
    }
  }
  const entries = Object.entries(value);
  const at = random.between(0, Math.max(0, entries.length - 1));
  const [name, member] = entries[at] ?? ['x', 1];
  switch (entries.length === 0 ? 0 : random.between(0, 6)) {
    case 0:
      return withOwn(value, random.pick([...ODD_TEXTS, 'status', 'labels', 'id', 'to']), oddValue(random));
    case 1:
      return Object.fromEntries(entries.toSpliced(at, 1));
    case 2:
      return withOwn(Object.fromEntries(entries.toSpliced(at, 1)), random.pick([name.toUpperCase(), ` ${name}`, `${name}\u0000`]), member);
    default:
      return withOwn(value, name, changeOnce(member, random));
  }
}

/** An assignment would change the prototype where the name is `__proto__`. */
function withOwn(value: object, name: string, member: unknown): object {
  const copy = { ...value };
  Object.defineProperty(copy, name, { value: member, enumerable: true, writable: true, configurable: true });
  return copy;
}

export function toJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(/"@raw:(\d+)@"/g, (_, index: string) => RAW_JSON[Number(index)] as string);
}

const ODD_BYTES = [
  Buffer.from([0]),
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from('\r\n\r\n'),
  Buffer.from('"'),
  Buffer.from('{'),
  Buffer.from('\u2028'),
  Buffer.from('\u001b[2J'),
];

/** The bytes with one stretch cut, doubled, replaced or put in. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.between(0, bytes.length);
  const end = Math.min(bytes.length, at + random.between(0, 12));
  const [before, middle, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  switch (random.between(0, 4)) {
    case 0:
      return Buffer.from(before);
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, middle, middle, after]);
    case 3:
      return Buffer.concat([before, random.pick(ODD_BYTES), after]);
    default:
      return Buffer.concat([before, Buffer.from(middle.map((byte) => byte ^ (1 << random.between(0, 7)))), after]);
  }
}
