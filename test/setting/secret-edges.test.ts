// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { describe, expect, test } from 'vitest';
import { faultLines, loadYaml, minimal } from '../config/load-yaml.ts';

const tokens = 'http: { tokens: [ "${T}" ] }';
const fromFile = 'http: { tokens: [ "${file:t}" ] }';
const tokenOf = (yaml: string, given: Parameters<typeof loadYaml>[1]) => loadYaml(minimal(yaml), given).config.http.tokens[0]?.reveal();

describe('one line end behind a secret is not a part of it', () => {
  test.each(['\n', '\r\n', '\r', ''])('%j', (end) => {
    expect(tokenOf(tokens, { env: { T: `hunter2${end}` } })).toBe('hunter2');
    expect(tokenOf(fromFile, { files: { t: `hunter2${end}` } })).toBe('hunter2');
  });

  test('nor is that of a YAML block, or a byte order mark', () => {
    expect(tokenOf('http:\n  tokens:\n    - |\n      ${T}\n', { env: { T: 'hunter2' } })).toBe('hunter2');
    expect(tokenOf('http:\n  tokens:\n    - |\n      hunter2\n', {})).toBe('hunter2');
    expect(tokenOf(fromFile, { files: { t: '\ufeffhunter2\r\n' } })).toBe('hunter2');
  });

  test('what is inside of it stays', () => {
    for (const T of [`hun'ter"2`, `'a' and 'b`, 'two words', '"', 'a\tb']) expect(tokenOf(tokens, { env: { T } })).toBe(T);
  });
});

describe('what else surrounds a secret is a fault, which does not quote it', () => {
  test.each([
    [' hunter2', 'begins with whitespace'],
    ['hunter2\t', 'ends with whitespace'],
    ['\u00a0hunter2 ', 'begins and ends with whitespace'],
    ['hunter2\u200b', 'ends with whitespace'],
    ['hunter2\n\n', 'ends with a line break'],
    ['\nhunter2', 'begins with a line break'],
    ['user\nhunter2', 'holds 2 lines: only one can be sent'],
    ['"hunter2"', 'is enclosed in quotes, 9 characters including them'],
    ["'hunter2'\r\n", 'is enclosed in quotes, 9 characters including them'],
    ['“hunter2”', 'is enclosed in quotes, 9 characters including them'],
  ])('%j', (value, says) => {
    const hint = '(it must contain only the value)';
    expect(faultLines(minimal(tokens), { env: { T: value } })).toEqual([`c.yaml:4 http.tokens[0]: environment variable T ${says} ${hint}`]);
    expect(faultLines(minimal(fromFile), { files: { t: value } })).toEqual([`c.yaml:4 http.tokens[0]: the file t ${says} ${hint}`]);
  });

  test('as are quotes and blanks around a placeholder, or around what is written out', () => {
    expect(faultLines(minimal(`http: { tokens: [ "'\${T}'", " \${T}" ] }`), { env: { T: 'hunter2' } })).toEqual([
      'c.yaml:4 http.tokens[0]: the inserted value is enclosed in quotes, 9 characters including them (remove quotes and whitespace around the value)',
      'c.yaml:4 http.tokens[1]: the inserted value begins with whitespace (remove quotes and whitespace around the value)',
    ]);
    expect(faultLines(minimal(`http: { tokens: [ "hunter2 " ] }`))).toEqual([
      'c.yaml:4 http.tokens[0]: ends with whitespace, got 8 characters (remove them)',
    ]);
  });

  test('as is a file in UTF-16', () => {
    expect(faultLines(minimal(fromFile), { files: { t: 'h\0u\0n\0' } })).toEqual([
      'c.yaml:4 http.tokens[0]: the file t is not UTF-8 text (save it as UTF-8; some editors use UTF-16)',
    ]);
  });
});

test('blanks around a value stay in a text', () => {
  const { config } = loadYaml(minimal('templates: { a: { text: "${T}{x}" } }'), { env: { T: '[prod] ' } });
  expect(config.templates.get('a')?.text).toBe('[prod] {x}');
});

describe('a refused secret is described, not quoted', () => {
  const twilio = (keys: string) => minimal().replace(' }\n', `, tw: { type: twilio, from: x, ${keys} } }\n`);
  test.each([
    ['accountSid: AC00000000000000000000000000000001, authToken: t, statusCallback: true', 'got true'],
    ['accountSid: "AC-34567890123456789012345678901234", authToken: t', 'got 35 characters that start with AC'],
    ['accountSid: AC345678901234567890123456789012, authToken: t', 'got 32 characters that start with AC'],
    ['accountSid: SK345678901234567890123456789012ab, authToken: t', 'AC and 32 hex digits'],
    ['accountSid: "0123456789abcdef0123456789abcdef", authToken: t', 'got 32 hex digits'],
    ['accountSid: 12345, authToken: t', 'got 5 digits'],
    ['accountSid: hunter2, authToken: t', 'got 7 characters'],
    ['accountSid: AC00000000000000000000000000000001, authToken: [ hunter2 ]', 'got a list'],
    ['accountSid: AC00000000000000000000000000000001, authToken: { a: hunter2 }', 'got a map'],
    [
      'accountSid: AC00000000000000000000000000000001, authToken: t, statusCallback: "http://u:hunter2@x"',
      'got 18 characters that start with http://',
    ],
  ])('%s: %s', (keys, says) => {
    const lines = faultLines(twilio(keys)).join('\n');
    expect(lines).toContain(says);
    expect(lines).not.toMatch(/hunter2|345678901|6789abcdef|12345/);
  });

  test('also when it came from the environment and says true', () => {
    expect(faultLines(twilio('accountSid: "${SID}", authToken: t'), { env: { SID: 'true' } })[0]).toMatch(/, got 4 characters$/);
  });
});
