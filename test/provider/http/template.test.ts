import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { encodeForm, fillBody, type Json, placeholdersIn } from '../../../src/provider/http/config.ts';
import { MESSAGE } from '../../conformance/candidate.ts';

const message = (text: string) => ({ ...MESSAGE, to: '+6012345678' as E164, id: 'm-1', text });

it('fills every string, however deep, and touches nothing else', () => {
  const body: Json = { a: '{to}', b: ['{toDigits}', { c: 'id={id}, again {id}' }], d: 7, e: true, f: null, g: 'plain', '{to}': '' };
  expect(fillBody(body, message('hi'))).toEqual({
    a: '+6012345678',
    b: ['6012345678', { c: 'id=m-1, again m-1' }],
    d: 7,
    e: true,
    f: null,
    g: 'plain',
    '{to}': '',
  });
});

it('does not fill what came in with the text, and leaves $ alone', () => {
  expect(fillBody('{text}', message('{to} {id} $& $1'))).toBe('{to} {id} $& $1');
});

it('leaves a key that tries to be a prototype an ordinary key', () => {
  const body = JSON.parse('{"__proto__":{"x":"{id}"},"t":"{text}"}') as Json;
  expect(JSON.stringify(fillBody(body, message('hi')))).toBe('{"__proto__":{"x":"m-1"},"t":"hi"}');
});

it.each([
  [{ a: '{to} {text}', b: ['{id}', { c: '{nope}' }] }, ['to', 'text', 'id', 'nope']],
  [{ a: 'plain', b: 7, c: '{not-one}', d: '{}' }, []],
  [{ a: '{to}{to}', b: '{to}' }, ['to']],
])('finds the placeholders in %j', (body, names) => {
  expect(placeholdersIn(body)).toEqual(names);
});

it('any text arrives as it was, as JSON and as a form', () => {
  // A lone surrogate has no UTF-8 form; it becomes U+FFFD on any wire.
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const filled = fillBody({ t: 'x{text}' }, message(text));
      expect(JSON.parse(JSON.stringify(filled))).toEqual({ t: `x${text}` });
      expect(Object.fromEntries(new URLSearchParams(encodeForm(filled)))).toEqual({ t: `x${text}` });
    }),
  );
});
