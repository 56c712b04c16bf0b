import { expect, it, onTestFinished } from 'vitest';
import { openEventReceiver } from '../../src/channel/event-webhook.ts';
import { Secret } from '../../src/setting/secret.ts';
import { type Hit, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';

const now = new Date('2026-11-20T03:00:00Z');
const secret = [new Secret(`whsec_${Buffer.alloc(32).toString('base64')}`)];

async function deliver(reply: Reply) {
  const hits: Hit[] = [];
  const server = await startHttpVendor((hit) => {
    hits.push(hit);
    return reply;
  });
  const url = new Secret(`${server.url}/in`);
  const receiver = openEventReceiver({ url, secret, types: [], headers: { 'x-key': new Secret('k') } }, () => now);
  onTestFinished(async () => {
    await receiver.close();
    await server.close();
  });
  return { told: await receiver.deliver({ id: 'e-1', body: { type: 'x' } }, new AbortController().signal), hits };
}

it.each([
  ['200', { status: 200, body: 'ok' }, { kind: 'accepted' }],
  ['204', { status: 204, body: '' }, { kind: 'accepted' }],
  [
    'a redirect',
    { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' },
    { kind: 'refused', gone: false, code: 'http_302' },
  ],
  ['404', { status: 404, body: 'no' }, { kind: 'refused', gone: false, code: 'http_404' }],
  ['410', { status: 410, body: '' }, { kind: 'refused', gone: true, code: 'http_410' }],
  ['a cut connection', 'reset', { kind: 'refused', gone: false, code: expect.stringMatching(/^[A-Z_]+$/) }],
  [
    'Retry-After',
    { status: 503, headers: { 'retry-after': '90' }, body: '' },
    { kind: 'refused', gone: false, code: 'http_503', retryAt: new Date('2026-11-20T03:01:30Z') },
  ],
] as const)('a receiver that answers %s', async (_what, reply, expected) => {
  const { told, hits } = await deliver(reply);
  expect(told).toEqual(expected);
  expect(hits).toHaveLength(1);
  expect(hits[0]).toMatchObject({
    method: 'POST',
    path: '/in',
    body: '{"type":"x"}',
    headers: { 'webhook-id': 'e-1', 'webhook-timestamp': '1795143600', 'x-key': 'k', 'content-type': 'application/json; charset=utf-8' },
  });
});
