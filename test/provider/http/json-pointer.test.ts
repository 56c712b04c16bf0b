import { expect, it } from 'vitest';
import { isJsonPointer, resolvePointer } from '../../../src/provider/http/json-pointer.ts';

/** The document of RFC 6901, section 5. */
const RFC = { foo: ['bar', 'baz'], '': 0, 'a/b': 1, 'c%d': 2, 'e^f': 3, 'g|h': 4, 'i\\j': 5, 'k"l': 6, ' ': 7, 'm~n': 8 };

it.each([
  ['', RFC],
  ['/foo', ['bar', 'baz']],
  ['/foo/0', 'bar'],
  ['/', 0],
  ['/a~1b', 1],
  ['/c%d', 2],
  ['/e^f', 3],
  ['/g|h', 4],
  ['/i\\j', 5],
  ['/k"l', 6],
  ['/ ', 7],
  ['/m~0n', 8],
])('%s points as RFC 6901 says', (pointer, value) => {
  expect(isJsonPointer(pointer)).toBe(true);
  expect(resolvePointer(RFC, pointer)).toEqual(value);
});

it('unescapes ~01 to ~1, not to a slash', () => {
  expect(resolvePointer({ 'a~1b': 'right', 'a/b': 'wrong' }, '/a~01b')).toBe('right');
});

it.each(['/nope', '/foo/2', '/foo/-', '/foo/00', '/foo/length', '/foo/0/0', '/toString', '/__proto__', '/constructor/name'])(
  '%s points at nothing',
  (pointer) => {
    expect(resolvePointer(RFC, pointer)).toBeUndefined();
  },
);

it.each([undefined, null, 'text', 7, true])('there is nothing inside %s', (document) => {
  expect(resolvePointer(document, '/a')).toBeUndefined();
});

it.each(['code', 'a/b', '/a~', '/a~2b', '#/code', '$.code'])('%s is no pointer', (text) => {
  expect(isJsonPointer(text)).toBe(false);
});
