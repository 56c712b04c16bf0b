import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/setting/secret.ts';
import { openTestServer } from '../test-server.ts';

const alert = JSON.stringify({ to: '+60123456789', severity: 'critical', text: 'Disk full' });
const token = 'a-token-of-some-length';

/** `fetch` sets its own Host. */
function ask(url: string, method: 'GET' | 'POST', headers: Record<string, string>): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers: { 'content-type': 'application/json', ...headers } }, async (response) => {
      const body = (await response.toArray()).join('');
      resolve({ status: response.statusCode, body });
    });
    call.on('error', reject);
    call.end(method === 'POST' ? alert : undefined);
  });
}

const ROUTES = [
  ['POST', '/v1/alerts', 202],
  ['GET', '/v1/alerts/known', 200],
  ['GET', '/v1/alerts', 200],
  ['GET', '/v1/messages', 200],
  ['GET', '/v1/messages/m-known', 200],
] as const;

describe('without tokens', () => {
  test.each(ROUTES)('%s %s answers this machine, and no page that rebinds its name to it', async (method, path, status) => {
    const { url, producer } = await openTestServer();
    const { port } = new URL(url);
    const statusOf = async (headers: Record<string, string>) => (await ask(url + path, method, headers)).status;
    for (const host of [
      `evil.example:${port}`,
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '0.0.0.0',
      'sms.internal',
    ]) {
      expect([host, await statusOf({ host })]).toEqual([host, 421]);
    }
    expect(producer.taken).toHaveLength(0);
    for (const host of [`127.0.0.1:${port}`, 'localhost', 'LOCALHOST:80', '[::1]:8080', '127.8.9.1']) {
      expect([host, await statusOf({ host })]).toEqual([host, status]);
    }
  });

  test.each(ROUTES)('%s %s answers no page of another origin', async (method, path, status) => {
    const { url } = await openTestServer();
    const statusOf = async (headers: Record<string, string>) => (await ask(url + path, method, headers)).status;
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]) {
      expect(await statusOf(headers as Record<string, string>)).toBe(403);
    }
    expect(await statusOf({ origin: url })).toBe(status);
    expect(await statusOf({ 'sec-fetch-site': 'same-origin', origin: url })).toBe(status);
  });

  test.each([
    ['http.publicUrl', { publicUrl: 'https://sms.example.com/base' }, 'sms.example.com'],
    ['http.allowedHosts', { allowedHosts: ['sms.internal', 'ops-box'] }, 'ops-box:8080'],
    ['http.host', { host: 'box.lan' }, 'box.lan:8080'],
  ])('the names of %s are ours, too', async (_key, http, host) => {
    const { url } = await openTestServer({ http });
    expect((await ask(`${url}/v1/alerts`, 'POST', { host })).status).toBe(202);
    expect((await ask(`${url}/v1/alerts`, 'POST', { host: `x${host}` })).status).toBe(421);
  });

  test('the rejection has a hint and changes nothing', async () => {
    const { url, producer } = await openTestServer();
    const { body } = await ask(`${url}/v1/alerts`, 'POST', { host: 'sms.internal' });
    expect(body).toContain('http.allowedHosts');
    expect(producer.taken).toHaveLength(0);
  });

  test('vendors call by any name, and probes too: they prove themselves, or get nothing that is secret', async () => {
    const { url } = await openTestServer();
    const host = 'sms.example.com';
    // No provider of this name is configured.
    expect((await ask(`${url}/v1/receipts/twilio`, 'POST', { host })).status).toBe(404);
    expect((await ask(`${url}/v1/inbound/twilio`, 'POST', { host })).status).toBe(404);
    for (const path of ['/metrics', '/healthz', '/readyz']) expect((await ask(url + path, 'GET', { host })).status).toBe(200);
  });
});

test('with tokens the token decides, for any host', async () => {
  const { url } = await openTestServer({ http: { tokens: [new Secret(token)] } });
  const headers = { host: 'sms.internal', origin: 'http://grafana.internal' };
  expect((await ask(`${url}/v1/alerts`, 'POST', { ...headers, authorization: `Bearer ${token}` })).status).toBe(202);
  expect((await ask(`${url}/v1/alerts`, 'POST', headers)).status).toBe(401);
});

test('a flood of wrong tokens at /v1 is slowed with 429 and a time, and the right one passes', async () => {
  const { url, producer } = await openTestServer({ http: { tokens: [new Secret(token)] } });
  const guess = () => fetch(`${url}/v1/alerts`, { headers: { authorization: 'Bearer guess' } });
  const guesses = Array.from({ length: 40 }, guess);
  const right = await ask(`${url}/v1/alerts`, 'POST', { authorization: `Bearer ${token}` });
  expect([right.status, producer.taken.length]).toEqual([202, 1]);
  const refused = (await Promise.all(guesses)).filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers } of refused) expect(headers.get('retry-after')).toMatch(/^\d+$/);
});
