import { expect, it, onTestFinished } from 'vitest';
import { until } from '../support/until.ts';
import { MISBEHAVIOURS, startFaultServer } from '../support/vendors/fault-server.ts';
import { MESSAGE } from './candidate.ts';
import { type Examiner, expectWithin, LONG_MS, SHORT_MS, UNKNOWN } from './examiner.ts';

/** Only the deadline ends these. */
const ENDLESS = ['never answers', 'drips its headers for ever', 'stalls in the body', 'drips its body for ever'];

export function sitMaybeSent({ create, refused }: Examiner): void {
  it.each(Object.entries(MISBEHAVIOURS))('does not know when the server %s', async (fault, misbehave) => {
    const server = await startFaultServer(misbehave);
    onTestFinished(server.close);
    const endless = ENDLESS.includes(fault);
    const { error, elapsedMs } = await refused(await create(server.url, endless ? SHORT_MS : LONG_MS));
    expect(error).toMatchObject(UNKNOWN);
    if (endless) {
      expect(error.code).toBe('TIMEOUT');
      expectWithin(elapsedMs, SHORT_MS);
    } else {
      expect(error.code).not.toBe('TIMEOUT');
    }
    expect(server.requests).toBe(1);
  });

  it('settles at once when the signal aborts while it waits for an answer, and hangs up', async () => {
    const caller = new AbortController();
    let abortedAt = 0;
    let hungUp = false;
    const server = await startFaultServer((socket) => {
      socket.once('close', () => (hungUp = true));
      abortedAt = performance.now();
      caller.abort();
    });
    onTestFinished(server.close);
    const { error } = await refused(await create(server.url), MESSAGE, caller.signal);
    expectWithin(performance.now() - abortedAt, 0);
    expect(error).toMatchObject({ ...UNKNOWN, code: 'ABORTED' });
    await until(() => hungUp);
    expect(server.requests).toBe(1);
  });
}
