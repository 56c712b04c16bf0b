import { describe, expect, test } from 'vitest';
import { alertHistory, messageHistory, openTestServer, problemOf } from '../test-server.ts';

describe('a trace', () => {
  test('is given for a known alert and a known message', async () => {
    const server = await openTestServer();
    expect(await (await server.get('/v1/alerts/known')).json()).toEqual(alertHistory);
    expect(await (await server.get('/v1/messages/m-known')).json()).toEqual(messageHistory);
  });

  test('is found by the longest id that there can be', async () => {
    const server = await openTestServer();
    const id = 'x'.repeat(128);
    expect(await (await server.get(`/v1/alerts/${id}`)).json()).toMatchObject({ id });
  });

  test('of an unknown id is 404', async () => {
    const server = await openTestServer();
    for (const path of ['/v1/alerts/m-known', '/v1/messages/known', `/v1/alerts/${'x'.repeat(300)}`]) {
      const response = await server.get(path);
      expect(response.status, path).toBe(404);
      expect(await problemOf(response)).toMatchObject({ kind: 'not-found' });
    }
  });

  test('is not even looked for under what can be no id', async () => {
    const asked: string[] = [];
    const record = async (id: string) => {
      asked.push(id);
      return undefined;
    };
    const server = await openTestServer({ histories: { alert: record, message: record } });
    for (const id of ['a%20b', 'a:b', '*', '%7Bsms%7D', 'x'.repeat(129), 'a%2Fb']) {
      expect((await server.get(`/v1/alerts/${id}`)).status, id).toBe(404);
      expect((await server.get(`/v1/messages/${id}`)).status, id).toBe(404);
    }
    expect(asked).toEqual([]);
  });
});

describe('the outbox', () => {
  const entries = ['second', 'first'].map((text) => ({
    at: '2026-11-20T03:00:00.000Z',
    provider: 'desk',
    messageId: `m-${text}`,
    to: '+60*******789',
    text,
  }));

  test('shows what was "sent", all of it or the newest', async () => {
    const server = await openTestServer({ outbox: { latest: async (limit) => entries.slice(0, limit) } });
    expect(await (await server.get('/v1/simulated/outbox')).json()).toEqual({ messages: entries });
    expect(await (await server.get('/v1/simulated/outbox?limit=1')).json()).toEqual({ messages: [entries[0]] });
  });

  test.each(['0', '-1', 'x', '', '10001', '1.5', '1&limit=2'])('refuses limit=%s', async (limit) => {
    const server = await openTestServer({ outbox: { latest: async () => [] } });
    const response = await server.get(`/v1/simulated/outbox?limit=${limit}`);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ kind: 'invalid-request' });
  });

  test('is 404 where nothing is simulated', async () => {
    const response = await (await openTestServer()).get('/v1/simulated/outbox');
    expect(response.status).toBe(404);
    expect(await problemOf(response)).toMatchObject({ detail: 'No provider of type simulated is configured.' });
  });
});
