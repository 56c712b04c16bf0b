import { describe, expect, test } from 'vitest';
import type { Verdicts } from '../../../src/http/alerts/alert-routes.ts';
import { openTestServer, problemOf } from '../test-server.ts';

const alert = { id: 'order-42.paid', severity: 'critical', to: '+60123456789', text: 'Disk full' };

describe('POST /v1/alerts', () => {
  test('accepts one alert and returns the URL of its history', async () => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts', alert);
    expect(response.status).toBe(202);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('location')).toBe('/v1/alerts/order-42.paid');
    expect(await response.json()).toEqual({ accepted: [{ index: 0, id: 'order-42.paid', duplicate: false }], rejected: [] });
    expect(server.producer.taken).toMatchObject([{ id: 'order-42.paid', to: ['+60123456789'], text: 'Disk full' }]);
  });

  test('reports a repeated id', async () => {
    const server = await openTestServer();
    await server.post('/v1/alerts', alert);
    const response = await server.post('/v1/alerts', [alert, { ...alert, id: 'other' }]);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({
      accepted: [
        { index: 0, id: 'order-42.paid', duplicate: true },
        { index: 1, id: 'other', duplicate: false },
      ],
      rejected: [],
    });
  });

  test('gives each of 1,000 alerts its own verdict', async () => {
    const server = await openTestServer();
    const alerts = Array.from({ length: 1000 }, (_, n) => ({ ...alert, id: `n-${n}`, ...(n % 10 === 3 ? { severity: 'loud' } : {}) }));
    const response = await server.post('/v1/alerts', alerts);
    expect(response.status).toBe(202);
    const { accepted, rejected } = (await response.json()) as Verdicts;
    expect(accepted).toEqual(alerts.flatMap(({ id, severity }, index) => (severity === 'loud' ? [] : [{ index, id, duplicate: false }])));
    expect(rejected.map(({ index }) => index)).toEqual(alerts.flatMap(({ severity }, index) => (severity === 'loud' ? [index] : [])));
    expect(rejected[0]?.errors).toEqual([{ path: 'severity', message: expect.stringContaining('unknown severity "loud"') }]);
    expect(server.producer.taken).toHaveLength(900);
  });

  test('refuses the whole alert for one bad number among several, and names it', async () => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts', { ...alert, to: ['+60123456789', 'contact:alice', '12', 'group:nobody'] });
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({
      kind: 'all-rejected',
      detail: expect.stringMatching(/^to\[2\]: /),
      accepted: [],
      rejected: [{ index: 0, errors: [{ path: 'to[2]' }, { path: 'to[3]', message: 'no group named "nobody" in the config' }] }],
    });
    expect(server.producer.taken).toEqual([]);
  });

  test.each([
    ['a string', '"Disk full"'],
    ['a number', '42'],
    ['null', 'null'],
    ['a list of such', '[null, "x", []]'],
  ])('rejects %s as an alert', async (_name, body) => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts', body);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'all-rejected', accepted: [] });
  });

  test('rejects an empty list, a missing body and more than 1,000 alerts, without a call to Redis', async () => {
    const server = await openTestServer();
    server.producer.before = async () => {
      throw new Error('asked');
    };
    expect(await problemOf(await server.post('/v1/alerts', []))).toMatchObject({
      kind: 'invalid-request',
      detail: 'The list of alerts is empty.',
    });
    expect(await problemOf(await fetch(`${server.url}/v1/alerts`, { method: 'POST' }))).toMatchObject({
      kind: 'malformed-json',
      detail: 'The body is empty.',
    });
    const response = await server.post('/v1/alerts', Array(1001).fill(alert));
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ kind: 'too-many-alerts', detail: '1001 alerts; send at most 1000 in one call.' });
  });
});

describe('POST /v1/alerts/resolve', () => {
  test('resolves a key', async () => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts/resolve', { dedupKey: 'db-1/unreachable' });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ dedupKey: 'db-1/unreachable' });
    expect(server.producer.resolved).toEqual(['db-1/unreachable']);
  });

  test.each([
    ['no key', '{}', 'dedupKey'],
    ['an empty key', '{"dedupKey":""}', 'dedupKey'],
    ['a list of keys', '{"dedupKey":["k"]}', 'dedupKey'],
    ['another key', '{"dedupKey":"k","id":"x"}', 'id'],
    ['a list', '[]', ''],
  ])('refuses %s', async (_name, body, path) => {
    const server = await openTestServer();
    const response = await server.post('/v1/alerts/resolve', body);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'invalid-request', errors: [{ path }] });
    expect(server.producer.resolved).toEqual([]);
  });
});
