import { inspect } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import type { VendorStatus } from '../../src/provider/contract/provider.ts';
import { MISBEHAVIOURS, startFaultServer } from '../support/vendors/fault-server.ts';
import { MESSAGE, type Wire } from './candidate.ts';
import { type Examiner, expectWithin, LONG_MS, SHORT_MS } from './examiner.ts';
import { startVendor } from './start-vendor.ts';

/** What became of a text is asked without a risk: whatever happens, the answer is a value, and says no more than is known. */
export function sitQuestions({ asked }: Wire, secrets: readonly string[], { create }: Examiner): void {
  if (asked === undefined) {
    it('cannot be asked what became of a text', async () => {
      expect((await create('http://127.0.0.1:9')).status).toBeUndefined();
    });
    return;
  }

  const ask = async (baseUrl: string, signal = new AbortController().signal, timeoutMs = LONG_MS): Promise<VendorStatus> => {
    const provider = await create(baseUrl, timeoutMs);
    const status = await provider.status?.(asked.query, signal);
    const shown = `${inspect(status, { depth: 20, showHidden: true })}${JSON.stringify(status)}`;
    expect([...secrets, MESSAGE.to, MESSAGE.to.slice(1)].filter((secret) => shown.includes(secret))).toEqual([]);
    return status as VendorStatus;
  };

  it('tells that the vendor has a text, from one request', async () => {
    const vendor = await startVendor(asked.answer);
    expect(await ask(vendor.url)).toMatchObject({ kind: 'pending' });
    expect(vendor.hits).toHaveLength(1);
  });

  it('learns nothing from a vendor that answers with no more than a status', async () => {
    const wrong: unknown[] = [];
    for (const status of [200, 201, 204, 301, 400, 401, 403, 408, 429, 500, 502, 503]) {
      for (const body of status === 204 ? [''] : ['', '{}', '[]', '<html></html>']) {
        const vendor = await startVendor({ status, body });
        const { kind } = await ask(vendor.url);
        if (kind !== 'unclear') wrong.push({ status, body, kind });
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each(Object.entries(MISBEHAVIOURS))('learns nothing when the server %s', async (_fault, misbehave) => {
    const server = await startFaultServer(misbehave);
    onTestFinished(server.close);
    expect(await ask(server.url, undefined, SHORT_MS)).toMatchObject({ kind: 'unclear' });
    expect(server.requests).toBe(1);
  });

  it('settles at once when the signal aborts', async () => {
    const caller = new AbortController();
    let abortedAt = 0;
    const server = await startFaultServer(() => {
      abortedAt = performance.now();
      caller.abort();
    });
    onTestFinished(server.close);
    expect(await ask(server.url, caller.signal)).toMatchObject({ kind: 'unclear' });
    expectWithin(performance.now() - abortedAt, 0);
  });
}
