import { describe, expect, it } from 'vitest';
import { readSmslocalAnswer, SMSLOCAL_BARE_CODES } from '../../../src/provider/smslocal/codes.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

function read(body: unknown, status = 200) {
  return readSmslocalAnswer({ kind: 'answer', status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) }, NOW);
}

describe('a yes', () => {
  it.each([
    ['the object of the pages', { msgid: 'a', errorcode: '200' }, 200, { providerMessageId: 'a' }],
    ['the object of the newer pages', { msgid: 'a', direction: 'mt', errorcode: 0 }, 201, { providerMessageId: 'a' }],
    ['the list of the live service', [{ errorCode: '200', id: 'a' }], 200, { providerMessageId: 'a', segments: 1 }],
    [
      'a part each',
      [
        { errorCode: '200', id: 'a' },
        { errorCode: 200, id: 'b' },
      ],
      200,
      { providerMessageId: 'a', partIds: ['a', 'b'], segments: 2 },
    ],
    ['a number for its id', { msgid: 5, errorcode: 200 }, 200, { providerMessageId: '5' }],
    ['no id', { errorcode: '0' }, 200, {}],
  ])('is %s', (_what, body, status, said) => {
    expect(read(body, status)).toEqual({ kind: 'accepted', ...said });
  });
});

describe('a no', () => {
  it.each([
    ['400', 'content'],
    ['401', 'auth'],
    ['402', 'balance'],
    ['403', 'auth'],
    ['429', 'throttled'],
    ['408', 'unknown_outcome'],
    ['500', 'unknown_outcome'],
    ['503', 'unknown_outcome'],
  ])('with %s is %s, in either shape', (code, reason) => {
    for (const body of [
      { errorcode: code },
      { errorcode: Number(code) },
      [{ errorCode: code }],
      [{ errorCode: code }, { errorCode: '1' }],
    ]) {
      expect(read(body)).toMatchObject({ kind: 'refused', error: { reason, code, unlisted: false } });
    }
  });

  it.each([
    [200, 'content'],
    [400, 'content'],
    [401, 'auth'],
    [429, 'throttled'],
  ])('with an unlisted code, under HTTP %i, is %s and counted', (status, reason) => {
    expect(read({ errorcode: '1007', message: 'to +60123456789' }, status)).toMatchObject({
      error: { reason, code: '1007', status, unlisted: true },
    });
  });

  it('by its status is one, whatever its parts say', () => {
    expect(read({ errorcode: '200', msgid: 'a' }, 401)).toMatchObject({ kind: 'refused', error: { reason: 'auth' } });
  });
});

describe('a bare number of the older API', () => {
  const ROWS = [
    ['101', 'auth'],
    ['102', 'auth'],
    ['103', 'recipient'],
    ['104', 'auth'],
    ['105', 'content'],
    ['106', 'content'],
    ['107', 'content'],
    ['108', 'balance'],
    ['109', 'throttled'],
    ['110', 'content'],
    ['111', 'content'],
  ] as const;

  it.each(ROWS)('%s is %s', (code, reason) => {
    for (const body of [code, `"${code}"`, ` ${code}\n`]) expect(read(body)).toMatchObject({ error: { reason, code, status: 200 } });
  });

  it('has every row tested', () => {
    expect([...SMSLOCAL_BARE_CODES.keys()]).toEqual(ROWS.map(([code]) => code));
  });

  it('comes back a quarter of an hour after a closed route', () => {
    expect(read('109')).toMatchObject({ error: { retryAt: new Date(NOW.getTime() + 900_000) } });
  });

  it('is a code as the whole body only: as the code of a part it is unlisted', () => {
    expect(read({ errorcode: '103' })).toMatchObject({ error: { reason: 'content', code: '103', unlisted: true } });
  });
});

describe('unknown outcome', () => {
  it('about parts of which some were taken, and nothing is sent again by itself', () => {
    for (const body of [
      [{ errorCode: '200', id: 'a' }, { errorCode: '500' }],
      [{ errorCode: '402' }, { errorCode: '200', id: 'b' }],
      [{ errorCode: '200', id: 'a' }, {}],
    ]) {
      expect(read(body)).toMatchObject({ error: { reason: 'unknown_outcome', code: 'PARTLY_TAKEN', failover: false, retry: false } });
    }
  });

  it.each(['', '<html></html>', '{}', '[]', 'null', 'true', '[{}]', '["200"]', '{"msgid":"a"}', '{"errorcode":{}}', '7654321'])(
    'about a 200 that says %s',
    (body) => {
      expect(read(body)).toMatchObject({ error: { reason: 'unknown_outcome', code: undefined, status: 200 } });
    },
  );

  it.each([302, 500, 503])('about a %i, whatever it says', (status) => {
    for (const body of [{ errorcode: '401' }, { errorcode: '200', msgid: 'a' }, '101']) {
      expect(read(body, status)).toMatchObject({ error: { reason: 'unknown_outcome', status } });
    }
  });
});
