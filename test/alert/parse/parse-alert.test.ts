import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AlertError, type Directory, formatPath, type Issue, parseAlert } from '../../../src/alert/parse/parse-alert.ts';
import { listSeverityWords } from '../../../src/alert/severity.ts';

/** What the router knows. */
const DIRECTORY: Directory = {
  strictNumbers: true,
  hasContact: (name) => name === 'alice',
  hasGroup: (name) => name === 'oncall',
  hasRotation: (name) => name === 'primary',
  countPhones: (to) => to.length,
  templateParams: (name) => (name === 'login-code' ? ['code', 'minutes'] : undefined),
};
/** What a producer knows that has no config. */
const NO_CONFIG: Directory = { strictNumbers: false };

const ALERT = { severity: 'critical', to: '+60123456789', text: 'Disk full' };
const { to: _to, ...WITHOUT_TO } = ALERT;
const { text: _text, ...WITHOUT_TEXT } = ALERT;

const NO_COUNTRY = 'no country code: write it as +<country><number>, or set defaultCountry in the config';
const IMPOSSIBLE = 'not a possible phone number: write it as +<country><number>, for example +60123456789';
const PREMIUM = 'is a premium-rate number, whose owner earns from every message: not allowed';
const NO_RECIPIENT = 'neither a phone number nor contact:<name>, group:<name> or rotation:<name>';
const NO_TO = 'must be a phone number, contact:<name>, group:<name> or rotation:<name>, or a list of them';
const NO_TIME = 'must be an ISO 8601 time with zone, such as 2026-11-20T03:00:00Z';
const NO_PARAM = 'must be text, a number, true or false';
const NO_OBJECT = 'must be a JSON object';
const UNKNOWN_KEY = 'unknown key: remove it, or correct its spelling';
const NO_ID = 'must be 1 to 128 of A-Z a-z 0-9 . _ -';
const MISSING_TO = 'is required: a phone number, contact:<name>, group:<name> or rotation:<name>';
const MISSING_TEXT = 'is required: text, or a template';

function faults(data: unknown, directory: Directory = DIRECTORY): readonly Issue[] {
  try {
    parseAlert(data, directory);
    return [];
  } catch (error) {
    if (error instanceof AlertError) return error.issues;
    throw error;
  }
}

describe('an alert as it should be', () => {
  test('comes out with its defaults', () => {
    expect(parseAlert(ALERT, DIRECTORY)).toEqual({
      severity: 'critical',
      status: 'firing',
      to: ['+60123456789'],
      text: 'Disk full',
      purpose: 'alert',
      labels: {},
    });
  });

  test('comes out with all that was given', () => {
    const full = {
      id: 'order-42.paid',
      severity: 'page',
      status: 'firing',
      to: ['+60123456789', 'contact:alice', 'group:oncall'],
      template: { name: 'login-code', params: { code: '1234', minutes: 5, urgent: true } },
      purpose: 'verification',
      source: 'checkout',
      instance: 'db-1:5432',
      labels: { team: 'payments' },
      dedupKey: 'db-1/unreachable',
      raisedAt: '2026-11-20T03:00:00Z',
      expiresAt: '2026-11-20T11:30:00+08:00',
    };
    expect(parseAlert(full, DIRECTORY)).toEqual({
      ...full,
      severity: 'critical',
      template: { name: 'login-code', params: { code: '1234', minutes: '5', urgent: 'true' } },
    });
  });

  test.each([
    ['a resolved one without recipients, by its key', { severity: 'info', status: 'resolved', dedupKey: 'k' }],
    ['a resolved one without recipients, by its text', { severity: 'info', status: 'resolved', text: 'Disk full' }],
    ['a resolved one with recipients', { ...ALERT, status: 'resolved' }],
    ['1,000 recipients', { ...ALERT, to: Array(1000).fill('+60123456789') }],
    ['1,600 characters, however many bytes', { ...ALERT, text: '😀'.repeat(1600) }],
    ['control characters in a text', { ...ALERT, text: 'a\u0000b' }],
    ['labels named like what every object has', { ...ALERT, labels: { constructor: 'a', toString: 'b' } }],
  ])('%s', (_name, data) => {
    expect(faults(data)).toEqual([]);
  });
});

describe('each mistake is named with its place', () => {
  test.each<[name: string, data: unknown, path: string, message: string]>([
    ['nothing', undefined, '', 'is required'],
    ['null', null, '', `${NO_OBJECT}, got null`],
    ['a text', 'Disk full', '', `${NO_OBJECT}, got "Disk full"`],
    ['a list', [ALERT], '', `${NO_OBJECT}, got a list`],
    ['no severity', { ...ALERT, severity: undefined }, 'severity', 'is required: info, warning, error, critical'],
    [
      'an unknown severity',
      { ...ALERT, severity: 'scary' },
      'severity',
      `unknown severity "scary": use ${listSeverityWords()}, or add the word to severityWords in the config`,
    ],
    ['an unknown status', { ...ALERT, status: 'over' }, 'status', 'must be one of firing, resolved, got "over"'],
    ['an unknown purpose', { ...ALERT, purpose: 'ad' }, 'purpose', 'must be one of alert, verification, notification, got "ad"'],
    ['an unknown key', { ...ALERT, recipient: 'x' }, 'recipient', UNKNOWN_KEY],
    ['an id with a space', { ...ALERT, id: 'order 42' }, 'id', `${NO_ID}, got "order 42"`],
    ['no recipient', WITHOUT_TO, 'to', MISSING_TO],
    ['a number as recipient', { ...ALERT, to: 60123456789 }, 'to', `${NO_TO}, got +60*******789`],
    ['an object as recipient', { ...ALERT, to: { phone: '+60123456789' } }, 'to', `${NO_TO}, got a JSON object`],
    ['an empty recipient', { ...ALERT, to: '' }, 'to', MISSING_TO],
    ['an empty list', { ...ALERT, to: [] }, 'to', 'must name at least one recipient'],
    ['1,001 recipients', { ...ALERT, to: Array(1001).fill('+60123456789') }, 'to', 'must name at most 1000 recipients, got 1001'],
    ['a number in the list', { ...ALERT, to: ['+60123456789', 5] }, 'to[1]', 'must be text, got 5'],
    [
      'an empty one in the list',
      { ...ALERT, to: ['contact:alice', ''] },
      'to[1]',
      'empty recipient: write a phone number, contact:<name>, group:<name> or rotation:<name>',
    ],
    ['a word for a number', { ...ALERT, to: 'alice' }, 'to[0]', NO_RECIPIENT],
    [
      'a bad number among good ones',
      { ...ALERT, to: ['+60123456789', 'contact:alice', '+12', 'group:oncall'] },
      'to[2]',
      `${IMPOSSIBLE}, got "+12"`,
    ],
    ['a number without country code', { ...ALERT, to: '012-345 6789' }, 'to[0]', `${NO_COUNTRY}, got "012*******789"`],
    ['a number with a NUL behind it', { ...ALERT, to: '+60123456789\u0000' }, 'to[0]', `${IMPOSSIBLE}, got "+60*******789"`],
    ['an unknown contact', { ...ALERT, to: 'contact:bob' }, 'to[0]', 'no contact named "bob" in the config'],
    [
      'a contact named like what every object has',
      { ...ALERT, to: 'contact:constructor' },
      'to[0]',
      'no contact named "constructor" in the config',
    ],
    ['an unknown rotation', { ...ALERT, to: ['rotation:primary', 'rotation:night'] }, 'to[1]', 'no rotation named "night" in the config'],
    ['a premium-rate number', { ...ALERT, to: ['+60123456789', '+449098790123'] }, 'to[1]', `${PREMIUM}, got "+44*******123"`],
    ['an unknown group', { ...ALERT, to: ['group:oncall', 'group:all'] }, 'to[1]', 'no group named "all" in the config'],
    ['an empty name', { ...ALERT, to: 'contact:' }, 'to[0]', 'no contact named "" in the config'],
    ['neither text nor template', WITHOUT_TEXT, 'text', MISSING_TEXT],
    ['an empty text', { ...ALERT, text: '' }, 'text', MISSING_TEXT],
    ['a blank text', { ...ALERT, text: ' \n' }, 'text', MISSING_TEXT],
    ['a text of what no phone shows', { ...ALERT, text: '\u0000' }, 'text', 'must not be empty'],
    ['too long a text', { ...ALERT, text: 'x'.repeat(1601) }, 'text', 'must be at most 1600 characters long, got 1601'],
    [
      'text and template',
      { ...ALERT, template: { name: 'login-code', params: { code: '1', minutes: '5' } } },
      'template',
      'give text or template, not both',
    ],
    ['a template without name', { ...WITHOUT_TEXT, template: {} }, 'template.name', 'is required'],
    ['an unknown template', { ...WITHOUT_TEXT, template: { name: 'hello' } }, 'template.name', 'no template named "hello" in the config'],
    ['an unknown key in the template', { ...WITHOUT_TEXT, template: { name: 'login-code', parms: {} } }, 'template.parms', UNKNOWN_KEY],
    [
      'a parameter that is missing',
      { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: '1' } } },
      'template.params.minutes',
      'template "login-code" needs this parameter',
    ],
    [
      'no value for a parameter',
      { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: null, minutes: 5 } } },
      'template.params.code',
      'template "login-code" needs this parameter',
    ],
    [
      'an object for a parameter',
      { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: {}, minutes: 5 } } },
      'template.params.code',
      `${NO_PARAM}, got a JSON object`,
    ],
    [
      'a list for a parameter',
      { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: [1], minutes: 5 } } },
      'template.params.code',
      `${NO_PARAM}, got a list`,
    ],
    [
      'too long a parameter',
      { ...WITHOUT_TEXT, template: { name: 'login-code', params: { code: 'x'.repeat(1601), minutes: 5 } } },
      'template.params.code',
      'must be at most 1600 characters long, got 1601',
    ],
    ['a label that is no text', { ...ALERT, labels: { pod: { name: 'a' } } }, 'labels.pod', 'must be text, got a JSON object'],
    ['labels in a list', { ...ALERT, labels: ['a'] }, 'labels', `${NO_OBJECT}, got a list`],
    ['too long a label', { ...ALERT, labels: { a: 'x'.repeat(1025) } }, 'labels.a', 'must be at most 1024 characters long, got 1025'],
    [
      'too long a name of a label',
      { ...ALERT, labels: { ['x'.repeat(257)]: 'a' } },
      `labels.${'x'.repeat(64)}…`,
      'its name must be at most 256 characters long',
    ],
    ['true as a source', { ...ALERT, source: true }, 'source', 'must be text, got true'],
    ['too long an instance', { ...ALERT, instance: 'x'.repeat(257) }, 'instance', 'must be at most 256 characters long, got 257'],
    ['a list as a dedupKey', { ...ALERT, dedupKey: ['a'] }, 'dedupKey', 'must be text, got a list'],
    ['a time without zone', { ...ALERT, raisedAt: '2026-11-20T03:00:00' }, 'raisedAt', `${NO_TIME}, got "2026-11-20T03:00:00"`],
    ['a day that is none', { ...ALERT, expiresAt: '2026-02-30T03:00:00Z' }, 'expiresAt', `${NO_TIME}, got "2026-02-30T03:00:00Z"`],
    ['a number that is no time', { ...ALERT, expiresAt: 17 }, 'expiresAt', `${NO_TIME}, got 17`],
    [
      'a resolved one that says not what',
      { severity: 'info', status: 'resolved' },
      'dedupKey',
      'is required: a resolved alert needs the dedupKey, or the text, of the alert that it resolves',
    ],
  ])('%s', (_name, data, path, message) => {
    expect(faults(data)).toEqual([{ path, message }]);
  });
});

describe('several faults are reported together', () => {
  test('of form', () => {
    expect(
      faults({ severity: 'x', text: '\u0000', to: [5, '', '+60123456789'], foo: 1, bar: 2 })
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['bar', 'foo', 'severity', 'text', 'to[0]', 'to[1]']);
    expect(faults({ severity: 'info' }).map(({ path }) => path)).toEqual(['to', 'text']);
  });

  test('of names and numbers', () => {
    const data = { ...WITHOUT_TEXT, to: ['+12', '+60123456789', 'contact:bob'], template: { name: 'login-code' } };
    expect(faults(data).map(({ path }) => path)).toEqual(['to[0]', 'to[2]', 'template.params.code', 'template.params.minutes']);
  });

  test('and are part of the error message', () => {
    expect(new AlertError([{ path: '', message: 'not JSON' }]).message).toBe('not JSON');
    expect(() => parseAlert({ ...ALERT, to: ['+12', '12'] }, DIRECTORY)).toThrow(
      `to[0]: ${IMPOSSIBLE}, got "+12"; to[1]: ${NO_COUNTRY}, got "12"`,
    );
  });
});

describe('without a config', () => {
  test.each([
    '012-345 6789',
    '(202) 555-0123',
    '60123456789',
    '009 1 202 555 0123',
    '0011 44 7700 900123',
    '\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669',
    'contact:bob',
    'group:all',
    'rotation:night',
    '+60123456789',
  ])('%s is left to the router', (to) => {
    expect(faults({ ...ALERT, to }, NO_CONFIG)).toEqual([]);
  });

  test.each([
    ['+12', `${IMPOSSIBLE}, got "+12"`],
    ['0012', `${IMPOSSIBLE}, got "0012"`],
    ['123', `${IMPOSSIBLE}, got "123"`],
    ['alice', NO_RECIPIENT],
    ['alice2', NO_RECIPIENT],
    ['012-345 6789 ext 5', 'has an extension, which cannot receive SMS: remove it, got "012*******t 5"'],
    ['1'.repeat(21), `${IMPOSSIBLE}, got "111*******111"`],
    ['012\u00003456789', `${IMPOSSIBLE}, got "012*******789"`],
    [
      '60123456789.0',
      'looks like a spreadsheet number, whose digits may have changed: format the column as text and write +<country><number>, got "601*******9.0"',
    ],
  ])('%j can be no recipient', (to, message) => {
    expect(faults({ ...ALERT, to }, NO_CONFIG)).toEqual([{ path: 'to[0]', message }]);
  });

  test('any template may be there', () => {
    expect(faults({ ...WITHOUT_TEXT, template: { name: 'hello' } }, NO_CONFIG)).toEqual([]);
  });
});

test('a default country reads numbers without country code', () => {
  expect(faults({ ...ALERT, to: '012-345 6789' }, { ...DIRECTORY, defaultCountry: 'MY' })).toEqual([]);
  expect(faults({ ...ALERT, to: '012' }, { ...DIRECTORY, defaultCountry: 'MY' })).toEqual([
    { path: 'to[0]', message: `${IMPOSSIBLE}, got "012"` },
  ]);
});

test.each(['group:oncall', 'rotation:primary'])('%s may bring an alert over the limit of phones', (entry) => {
  const directory = (phones: number): Directory => ({ ...DIRECTORY, countPhones: () => phones });
  const data = { ...ALERT, to: ['+60123456789', entry] };
  expect(faults(data, directory(1000))).toEqual([]);
  expect(faults(data, directory(1001))).toEqual([{ path: 'to', message: '1001 phones after resolving groups: 1000 at most' }]);
});

describe('a phone number where none belongs is masked in the faults', () => {
  test.each<[string, unknown]>([
    ['a contact', { ...ALERT, to: 'contact:+60123456789' }],
    ['a group', { ...ALERT, to: 'group:+60 12-345 6789' }],
    ['a key', { ...ALERT, '+60123456789': true }],
    ['a label', { ...ALERT, labels: { '+60123456789': {} } }],
    ['a parameter', { ...WITHOUT_TEXT, template: { name: 'login-code', params: { '60123456789': {} } } }],
    ['a severity', { ...ALERT, severity: '+60123456789' }],
    ['a template', { ...WITHOUT_TEXT, template: { name: '60123456789' } }],
    ['an id', { ...ALERT, id: '+60123456789' }],
    ['a status', { ...ALERT, status: '+60123456789' }],
    ['a bad number', { ...ALERT, to: '+60123456789 x' }],
  ])('%s', (_name, data) => {
    const text = faults(data).map(({ path, message }) => `${path} ${message.replace('for example +60123456789', '')}`);
    expect(text).toHaveLength(1);
    expect(text[0]?.replace(/\D/g, '')).not.toContain('12345');
  });
});

describe('keys that reach for the prototype', () => {
  const json = (text: string) => JSON.parse(text) as unknown;

  test.each(['__proto__', 'constructor', 'prototype', 'toString'])('%s is an unknown key', (key) => {
    expect(faults(json(`{"severity":"info","to":"+60123456789","text":"x","${key}":{"polluted":true}}`))).toEqual([
      { path: key, message: UNKNOWN_KEY },
    ]);
  });

  test('change nothing', () => {
    const pollution = '{"__proto__":"x","constructor":"y"}';
    const parsed = parseAlert(json(`{"severity":"info","to":"+60123456789","text":"x","labels":${pollution}}`), DIRECTORY);
    expect(Object.getPrototypeOf(parsed.labels)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    const params = `{"name":"login-code","params":${pollution}}`;
    expect(faults(json(`{"severity":"info","to":"+60123456789","template":${params}}`)).map(({ path }) => path)).toEqual([
      'template.params.code',
      'template.params.minutes',
    ]);
  });

  test('do not replace a parameter', () => {
    const directory: Directory = { ...DIRECTORY, templateParams: () => ['constructor', 'toString'] };
    expect(faults({ ...WITHOUT_TEXT, template: { name: 'x' } }, directory).map(({ path }) => path)).toEqual([
      'template.params.constructor',
      'template.params.toString',
    ]);
  });
});

describe('any input', () => {
  test('is either an alert or an AlertError that says something', () => {
    const value = fc.oneof(fc.jsonValue(), fc.anything());
    const alert = fc.record(
      Object.fromEntries(
        ['id', 'severity', 'status', 'to', 'text', 'template', 'purpose', 'labels', 'expiresAt', 'foo'].map((key) => [
          key,
          fc.oneof(value, fc.constant((ALERT as Record<string, unknown>)[key])),
        ]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(value, alert), (data) => {
        for (const issue of faults(data)) expect(issue.message).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });

  test('may be huge', () => {
    const list = Array(300_000).fill('+60123456789');
    expect(faults({ ...ALERT, to: list })).toEqual([{ path: 'to', message: 'must name at most 1000 recipients, got 300000' }]);
    expect(faults({ ...ALERT, text: 'x'.repeat(5_000_000) })).toHaveLength(1);
    expect(faults({ ...ALERT, to: '1'.repeat(1_000_000) })).toEqual([
      { path: 'to', message: 'must be at most 128 characters long, got 1000000' },
    ]);
    const [fault] = faults({ ...ALERT, severity: 'x'.repeat(1_000_000) });
    expect(fault?.message.length).toBeLessThan(1000);
  });

  test('has times that are times', () => {
    const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'));
    const zone = fc.oneof(
      fc.constant('Z'),
      fc.tuple(fc.constantFrom('+', '-'), two(25), two(61)).map(([sign, h, m]) => `${sign}${h}:${m}`),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 0 }).map((n) => `.${n}`),
    );
    const time = fc
      .tuple(fc.integer({ min: 0, max: 9999 }), two(13), two(32), two(25), two(61), two(61), fraction, zone)
      .map(([y, mo, d, h, mi, s, f, z]) => `${String(y).padStart(4, '0')}-${mo}-${d}T${h}:${mi}:${s}${f}${z}`);
    fc.assert(
      fc.property(time, (expiresAt) => {
        expect(faults({ ...ALERT, expiresAt }).length === 0).toBe(!Number.isNaN(Date.parse(expiresAt)) && isRealDay(expiresAt));
      }),
      { numRuns: 1000 },
    );
  });
});

/** `Date.parse` takes 24:00 and rolls the 31st of a shorter month over, where this says no. */
function isRealDay(time: string): boolean {
  const [day = '', hour = ''] = [time.slice(0, 10), time.slice(11, 13)];
  return hour !== '24' && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

test.each([
  [[], ''],
  [['to'], 'to'],
  [['to', 2], 'to[2]'],
  [['template', 'params', 'code'], 'template.params.code'],
  [[3, 'to', 0], '[3].to[0]'],
])('the path %j is written %j', (path, text) => {
  expect(formatPath(path)).toBe(text);
});

describe('what no phone shows', () => {
  const textOf = (text: string) => parseAlert({ severity: 'critical', to: '+60123456789', text }, { strictNumbers: true }).text;

  test('control characters are left out, line breaks and tabs stay', () => {
    expect(textOf('Disk\u0000 full\u0007\u009b!\r\n\tnow')).toBe('Disk full!\r\n\tnow');
    expect(() => textOf('\u0000\u0007')).toThrow('text: must not be empty');
  });

  test('half a character becomes the sign for one that is lost', () => {
    expect(textOf('disk full 🔥'.slice(0, -1))).toBe('disk full \ufffd');
    expect(textOf('\udd25 fire 🔥')).toBe('\ufffd fire 🔥');
    const { template } = parseAlert(
      { severity: 'critical', to: '+60123456789', template: { name: 'x', params: { code: '1\ud83d' } } },
      { strictNumbers: true },
    );
    expect(template?.params).toEqual({ code: '1\ufffd' });
  });
});
