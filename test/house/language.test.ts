import { describe, expect, test } from 'vitest';
import { checkLanguage, checkText, checkTitles, testFiles, textFiles } from './language.ts';

test('comments, messages, docs and titles of tests use the plain technical English of the field', () => {
  expect(checkLanguage('.').map(({ file, line, what }) => `${file}:${line} ${what}`)).toEqual([]);
});

test('the check reads code, alert rules, docs and the example of the config', () => {
  expect(textFiles('.')).toEqual(
    expect.arrayContaining(['src/app.ts', 'src/config/config.ts', 'grafana/alerts.yml', 'docs/policy.md', 'config/sms-dispatch.yaml']),
  );
  expect(testFiles('.')).toEqual(expect.arrayContaining(['test/house/language.test.ts', 'test/alert/phone/phone.test.ts']));
});

describe('the check', () => {
  const faultsOf = (text: string, file = 'src/http/a.ts') => checkText(file, text).map(({ line, what }) => `${line} ${what}`);

  test.each([
    ['a log message', "logger.warn({ id }, 'Redis is well again');", '1 "is well": write ok, recovered'],
    ['a comment', 'const a = 1;\n// Nobody reads it.', '2 "Nobody": write name the role: caller, operator, user, process'],
    ['a template string', 'throw new Error(`begin \u0024{name} anew`);', '1 "anew": write again'],
    ['a text of JSX', '<p>Sent at once to all</p>', '1 "at once": write immediately'],
    ['a doc comment of several lines', '/**\n * Returns it.\n * Told once.\n */', '1 "Told": write report, notify, send, receive'],
    ['a doc comment that starts with Of', '/** Of a Redis that answers. */', '1 a doc comment starts with "Of"'],
    [
      'a long log message',
      "logger.error(\n  { a },\n  'the request could not be finished because the other side closed it',\n);",
      '1 a log message of 66 characters: "the request could not be finished because the other side closed it"',
    ],
  ])('finds %s', (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  test.each([
    ['a name in code', 'const told = heard(whom);'],
    ['a word inside another one', '// amends, bystanders, gravel, foretold'],
    ['a string that is a name', "const kind = 'told';"],
    ['a doc comment that says what it returns', '/** Returns the URL of a reachable Redis. */'],
    ['a short log message', "logger.info({ afterMs }, 'Redis connection recovered');"],
  ])('passes %s', (_what, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  test('reads every line of a page', () => {
    expect(faultsOf('# Title\n\nThe page is told.', 'docs/a.md')).toEqual(['3 "told": write report, notify, send, receive']);
  });

  test.each([
    ['of it', 'it(TITLE, () => {});'],
    ['in another line', 'it(\n  TITLE,\n  () => {},\n);'],
    ['of a suite with a condition', 'describe.skipIf(true)(TITLE, () => {});'],
    ['behind a table', "test.each([\n  ['a', 1],\n])(TITLE, () => {});"],
    ['behind a typed table', 'it.each<[string, (a: number) => void]>(TABLE)(TITLE, () => {});'],
  ])('finds a word in a title %s', (_where, text) => {
    for (const title of ["'is told'", '"is told"', '`\u0024{name} is told`']) {
      const faults = checkTitles(
        'test/a.test.ts',
        text.replace('TITLE', () => title),
      );
      expect(faults.map(({ what }) => what)).toEqual(['"told": write report, notify, send, receive']);
    }
  });

  test('leaves other strings of a test alone', () => {
    expect(checkTitles('test/a.test.ts', "it('is read', () => expect(textOf('is told')).toBe('is told'));")).toEqual([]);
  });
});
