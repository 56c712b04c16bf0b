import { expect, it } from 'vitest';
import { encodeQuery, signQuery } from '../../../src/provider/unisms/client.ts';

const FACTS = { action: 'sms.message.send', accessKeyId: 'AKEXAMPLE', accessKeySecret: 'SKEXAMPLE' };

it.each([
  // The first was caught on the wire from the vendor's own SDK (uni-sdk 0.0.8), its clock and its dice held still.
  [1620243278785, 'd7041f4746a09', 'vFatUaDVi0JXcEeC9WGkuPxOqC7vUfl6N5IdXHRIPds%3D'],
  // One with all that must be escaped.
  [1700000000000, '0123456789abcdef', 'jwAY057AFK3xZqF9wLyzdOEt%2FOaffRgBdeGHUZbh3%2B0%3D'],
])('signs at %i with %s as the vendor does', (timestamp, nonce, signature) => {
  expect(signQuery({ ...FACTS, timestamp, nonce })).toBe(
    `action=sms.message.send&accessKeyId=AKEXAMPLE&algorithm=hmac-sha256&timestamp=${timestamp}&nonce=${nonce}&signature=${signature}`,
  );
});

it.each(['timestamp', 'nonce', 'accessKeyId', 'accessKeySecret', 'action'] as const)('another %s makes another signature', (fact) => {
  const facts = { ...FACTS, timestamp: 1, nonce: '12345678' };
  const signatureOf = (query: string) => new URLSearchParams(query).get('signature');
  const changed = { ...facts, [fact]: fact === 'timestamp' ? 2 : 'changed!' };
  expect(signatureOf(signQuery(changed))).not.toBe(signatureOf(signQuery(facts)));
});

it('lets no value break out of its pair', () => {
  expect(encodeQuery({ a: 'x&b=1', c: 'é +/#' })).toBe('a=x%26b%3D1&c=%C3%A9%20%2B%2F%23');
});
