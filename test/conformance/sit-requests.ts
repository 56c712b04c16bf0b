import { expect, it } from 'vitest';
import type { Hit } from '../support/vendors/http-vendor.ts';
import { MESSAGE, NOW, type Wire } from './candidate.ts';
import { type Examiner, UNKNOWN } from './examiner.ts';
import { startVendor } from './start-vendor.ts';

export function sitRequests(wire: Wire, { create, attempt, refused }: Examiner): void {
  it('makes exactly the request that the vendor documents, and reads its yes', async () => {
    const vendor = await startVendor(wire.yes);
    const { result } = await attempt(await create(vendor.url));
    expect(result).toEqual(wire.accepted);
    expect(vendor.hits).toHaveLength(1);
    const [{ method, path, headers, body }] = vendor.hits as [Hit];
    expect({ method, body }).toEqual({ method: wire.request.method, body: wire.request.body });
    expectPath(path, wire.request.path);
    expect(headers).toMatchObject(wire.request.headers);
  });

  it('sends to a base URL with a path of its own', async () => {
    const vendor = await startVendor(wire.yes);
    const { result } = await attempt(await create(`${vendor.url}/proxy/sms/`));
    expect(result).toEqual(wire.accepted);
    expect(vendor.hits).toHaveLength(1);
    const path = vendor.hits[0]?.path ?? '';
    expect(path.startsWith('/proxy/sms/')).toBe(true);
    expectPath(path.slice('/proxy/sms'.length), wire.request.path);
  });

  it.each([
    ['a 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['a 100 with headers', 'HTTP/1.1 100 Continue\r\nServer: edge\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
    ['a 102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['a 103', 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'],
    ['several', `HTTP/1.1 103 Early Hints\r\n\r\n${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)}HTTP/1.1 199 \r\n\r\n`],
  ])('reads the yes behind %s that it did not ask for, also on a kept connection', async (_which, interim) => {
    const vendor = await startVendor({ ...wire.yes, interim });
    const provider = await create(vendor.url);
    for (const hits of [1, 2]) {
      const { result } = await attempt(provider);
      expect(result).toEqual(wire.accepted);
      expect(vendor.hits).toHaveLength(hits);
    }
  });

  it('does not know what a vendor did that switches to another protocol', async () => {
    const vendor = await startVendor({
      ...wire.yes,
      interim: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    });
    const { error } = await refused(await create(vendor.url));
    expect(error).toMatchObject(UNKNOWN);
    expect(vendor.hits).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const elsewhere = await startVendor(wire.yes);
    for (const status of [301, 302, 303, 307, 308]) {
      const vendor = await startVendor({ status, headers: { location: elsewhere.url }, body: '' });
      const { error } = await refused(await create(vendor.url));
      expect(error).toMatchObject({ ...UNKNOWN, status });
      expect(vendor.hits).toHaveLength(1);
    }
    expect(elsewhere.hits).toHaveLength(0);
  });

  it.each([
    ['in seconds', '7', 7_000],
    ['as a date', new Date(NOW.getTime() + 90_000).toUTCString(), 90_000],
    ['beyond reason', '999999999999', 86_400_000],
  ])('waits as long as a throttling vendor asks %s', async (_form, retryAfter, waitMs) => {
    const vendor = await startVendor({ status: 429, headers: { 'retry-after': retryAfter }, body: '{}' });
    const { error } = await refused(await create(vendor.url));
    expect(error).toMatchObject({ reason: 'throttled', status: 429, retryAt: new Date(NOW.getTime() + waitMs) });
    expect(vendor.hits).toHaveLength(1);
  });

  it('repeats nothing of what a talkative vendor quotes back', async () => {
    for (const status of [200, 400, 401, 429, 500]) {
      const vendor = await startVendor(({ headers, body }) => ({
        status,
        headers: { 'x-echo': `${MESSAGE.to} ${headers.authorization ?? ''}` },
        body: JSON.stringify({ code: MESSAGE.to, message: `${MESSAGE.to}: ${JSON.stringify(headers)} ${body}`, detail: body, status }),
      }));
      await refused(await create(vendor.url));
      expect(vendor.hits).toHaveLength(1);
    }
  });
}

function expectPath(path: string, expected: string | RegExp): void {
  if (typeof expected === 'string') expect(path).toBe(expected);
  else expect(path).toMatch(expected);
}
