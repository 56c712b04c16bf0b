import { describe, expect, test } from 'vitest';
import type { ListFilter } from '../../../src/ledger/lists/lists.ts';
import { alertHistory, lists, messageHistory, openTestServer, problemOf } from '../test-server.ts';

describe('a list', () => {
  test('is given with where the next page begins', async () => {
    const server = await openTestServer();
    expect(await (await server.get('/v1/alerts')).json()).toEqual({ items: [alertHistory], next: '1763600000000-0' });
    expect(await (await server.get('/v1/messages')).json()).toEqual({ items: [messageHistory], next: null });
  });

  test('is filtered by the query, ignoring empty parameters', async () => {
    const asked: unknown[] = [];
    const now = new Date('2026-11-20T05:00:00Z');
    const record = async (filter: ListFilter, cursor: string | undefined, limit: number) => {
      asked.push([Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)), cursor, limit]);
      return { items: [], next: null };
    };
    const server = await openTestServer({ lists: { alerts: record, messages: record }, now: () => now });
    await server.get(
      '/v1/messages?state=expired&severity=crit&route=default&reason=auth&since=2h&contact=contact:alice&provider=&limit=200',
    );
    await server.get('/v1/alerts?state=suppressed&since=2026-11-20T03:00:00Z&cursor=1-0');
    const since = new Date('2026-11-20T03:00:00Z');
    expect(asked).toEqual([
      [{ state: 'expired', severity: 'critical', route: 'default', reason: 'auth', contact: 'alice', since }, undefined, 200],
      [{ state: 'suppressed', since }, '1-0', 50],
    ]);
  });

  test.each([
    ['state=gone', /^state: must be one of queued, .*failed\.$/],
    ['state=expire', /did you mean "expired"/],
    ['severity=loud', /^severity: must be one of info, warning, error, critical/],
    ['reason=because', /^reason: must be one of/],
    ['since=yesterday', /^since: must be a time such as/],
    ['limit=0', /^limit: must be a number from 1 to 200\.$/],
    ['limit=1e2', /^limit: must be a number from 1 to 200\.$/],
    ['contact=%2B60123456789', /^contact: must be the name of a contact; search by phone number is not supported\.$/],
    ['sevrity=critical', /^unknown parameter: did you mean "severity"/],
    ['state=failed&state=expired', /^state: must be given only once\.$/],
    ['cursor=x', /^cursor: not a cursor of this list/],
  ])('refuses ?%s in words of its own', async (query, words) => {
    const server = await openTestServer();
    const response = await server.get(`/v1/messages?${query}`);
    expect(response.status).toBe(400);
    const { kind, detail } = await problemOf(response);
    expect(kind).toBe('invalid-request');
    expect(detail).toMatch(words);
    expect(detail).not.toContain('123456789');
  });

  test('of alerts does not promise those that no list can see', async () => {
    const response = await (await openTestServer({ lists })).get('/v1/alerts?state=pending');
    expect((await problemOf(response)).detail).toMatch(/^state: must be one of routed, suppressed, malformed/);
  });
});
