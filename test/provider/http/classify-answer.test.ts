import { describe, expect, it } from 'vitest';
import { classifyHttpAnswer } from '../../../src/provider/http/client.ts';
import { httpConfig } from '../../../src/provider/http/config.ts';

const NOW = new Date('2026-11-20T03:00:00.000Z');

function classify(rules: Readonly<Record<string, unknown>>, status: number, body: string, headers: Readonly<Record<string, string>> = {}) {
  const config = httpConfig.parse({ type: 'http', url: 'https://gateway.example/send', ...rules });
  const result = classifyHttpAnswer({ kind: 'answer', status, headers, body }, config, NOW);
  return result.kind === 'accepted' ? result : result.error;
}

const accepted = (providerMessageId?: string) => ({ kind: 'accepted', ...(providerMessageId === undefined ? {} : { providerMessageId }) });

describe('without rules', () => {
  it.each([
    [200, accepted()],
    [202, accepted()],
    [204, accepted()],
    [302, { reason: 'unknown_outcome' }],
    [400, { reason: 'content' }],
    [401, { reason: 'auth' }],
    [402, { reason: 'balance' }],
    [403, { reason: 'auth' }],
    [404, { reason: 'auth' }],
    [451, { reason: 'unavailable' }],
    [408, { reason: 'unknown_outcome' }],
    [429, { reason: 'throttled' }],
    [500, { reason: 'unknown_outcome' }],
  ])('the status decides: %i', (status, result) => {
    expect(classify({}, status, 'OK')).toMatchObject(result);
  });
});

describe('with a value that means success', () => {
  const rules = { success: { status: [200], pointer: '/code', equals: '0' }, messageId: '/data/id' };
  it.each([
    ['the value as text', 200, '{"code":"0","data":{"id":"x1"}}', accepted('x1')],
    ['the value as a number', 200, '{"code":0,"data":{"id":77}}', accepted('77')],
    ['the value but no id', 200, '{"code":"0"}', accepted()],
    ['the value but an id that is none', 200, '{"code":"0","data":{"id":{}}}', accepted()],
    ['another number', 200, '{"code":"9"}', { reason: 'content', code: '9', unlisted: true }],
    ['a word', 200, '{"code":"queued"}', { reason: 'unknown_outcome', code: 'queued' }],
    ['no value', 200, '{}', { reason: 'unknown_outcome' }],
    ['a value inside a list', 200, '{"code":["0"]}', { reason: 'unknown_outcome' }],
    ['the value under another 2xx', 202, '{"code":"0"}', { reason: 'unknown_outcome' }],
    ['HTML', 200, '<html>', { reason: 'unknown_outcome' }],
    ['nothing', 200, '', { reason: 'unknown_outcome' }],
    ['JSON cut short', 200, '{"code":"0"', { reason: 'unknown_outcome' }],
    ['the value in a 400', 400, '{"code":"0"}', { reason: 'content' }],
    ['the value in a 500', 500, '{"code":"0"}', { reason: 'unknown_outcome' }],
  ])('%s', (_what, status, body, result) => {
    expect(classify(rules, status, body)).toMatchObject(result);
  });

  it('compares true and false as well', () => {
    expect(classify({ success: { pointer: '/ok', equals: true } }, 200, '{"ok":true}')).toEqual(accepted());
    expect(classify({ success: { pointer: '/ok', equals: true } }, 200, '{"ok":false}')).toMatchObject({ reason: 'content' });
  });
});

it('a list of statuses alone decides without the body', () => {
  const rules = { success: { status: [201, 202] } };
  expect(classify(rules, 201, 'queued')).toEqual(accepted());
  expect(classify(rules, 200, 'queued')).toMatchObject({ reason: 'unknown_outcome', status: 200 });
});

it('where an id is expected, a body that is not JSON comes from an unknown server; an empty body is a brief vendor', () => {
  expect(classify({ messageId: '/id' }, 200, '{"id":"a"}')).toEqual(accepted('a'));
  expect(classify({ messageId: '/id' }, 204, '')).toEqual(accepted());
  expect(classify({ messageId: '/id' }, 200, '<html>log in')).toMatchObject({ reason: 'unknown_outcome' });
});

describe('with known errors', () => {
  const map = { 1001: 'recipient', 1002: 'opted_out', 1003: 'throttled', 1004: 'unavailable', busy: 'throttled', true: 'balance' };
  const rules = { success: { pointer: '/code', equals: '0' }, errors: { pointer: '/code', map } };
  it.each([
    ['a number', 200, '{"code":1001}', { reason: 'recipient', code: '1001', status: 200 }],
    ['text', 200, '{"code":"1002"}', { reason: 'opted_out', code: '1002' }],
    ['true', 200, '{"code":true}', { reason: 'balance', code: 'true' }],
    ['a known code in a 4xx', 400, '{"code":"1001"}', { reason: 'recipient', status: 400 }],
    ['a known code in a 5xx: the operator knows better', 503, '{"code":"busy"}', { reason: 'throttled', status: 503 }],
    ['an unknown code in a 2xx', 200, '{"code":"1"}', { reason: 'content', code: '1', unlisted: true }],
    ['an unknown code in a 5xx', 502, '{"code":"1"}', { reason: 'unknown_outcome', code: '1' }],
    ['no code where errors have one', 200, '{"code":""}', { reason: 'unknown_outcome' }],
    ['an unknown code in a 4xx', 422, '{"code":"1"}', { reason: 'content', code: '1' }],
    ['the name of something every object has', 200, '{"code":"constructor"}', { reason: 'content', code: 'constructor' }],
    ['success', 200, '{"code":"0"}', accepted()],
  ])('%s', (_what, status, body, result) => {
    expect(classify(rules, status, body)).toMatchObject(result);
  });

  it('a known error wins over a bare 2xx, the word for success wins over a known error', () => {
    expect(classify({ errors: rules.errors }, 200, '{"code":"1001"}')).toMatchObject({ reason: 'recipient' });
    const twoPlaces = { success: { pointer: '/ok', equals: true }, errors: { pointer: '/code', map } };
    expect(classify(twoPlaces, 200, '{"ok":true,"code":"1001"}')).toEqual(accepted());
  });

  it('Retry-After counts for what is throttled or away', () => {
    const retryAt = new Date(NOW.getTime() + 20_000);
    expect(classify(rules, 200, '{"code":"1003"}', { 'retry-after': '20' })).toMatchObject({ reason: 'throttled', retryAt });
    expect(classify(rules, 200, '{"code":"1004"}', { 'retry-after': '20' })).toMatchObject({ reason: 'unavailable', retryAt });
    expect(classify(rules, 200, '{"code":"1001"}', { 'retry-after': '20' })).toMatchObject({ reason: 'recipient', retryAt: undefined });
  });
});
