import { expect, it, onTestFinished } from 'vitest';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { HANDSHAKE_FAULTS, MISBEHAVIOURS, startFaultServer, startHandshakeFault } from '../support/vendors/fault-server.ts';
import { MESSAGE } from './candidate.ts';
import { type Examiner, expectWithin, NOT_SENT, SHORT_MS, SLACK_MS } from './examiner.ts';

export function sitNotSent({ create, refused }: Examiner): void {
  it('says so when the port is closed', async () => {
    const { error } = await refused(await create(`http://127.0.0.1:${await testPort()}`));
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ECONNREFUSED' });
  });

  it('says so when the name does not resolve', async () => {
    const { error, elapsedMs } = await refused(await create('http://vendor.invalid', SHORT_MS));
    expect(error).toMatchObject(NOT_SENT);
    // A resolver that is away answers with nothing at all.
    expect(['ENOTFOUND', 'EAI_AGAIN', 'TIMEOUT']).toContain(error.code);
    expect(elapsedMs).toBeLessThan(SHORT_MS + SLACK_MS);
  });

  it.each(Object.entries(HANDSHAKE_FAULTS))('says so when the server %s', async (_fault, createServer) => {
    const server = await startHandshakeFault(createServer);
    onTestFinished(server.close);
    const { error, elapsedMs } = await refused(await create(server.url, SHORT_MS));
    expect(error).toMatchObject(NOT_SENT);
    expect(elapsedMs).toBeLessThan(SHORT_MS + SLACK_MS);
    expect(server.connections).toBe(1);
    expect(server.requests).toBe(0);
  });

  it('connects to nobody when the signal is aborted already', async () => {
    const server = await startFaultServer(MISBEHAVIOURS['never answers']);
    onTestFinished(server.close);
    const { error, elapsedMs } = await refused(await create(server.url), MESSAGE, AbortSignal.abort());
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    expectWithin(elapsedMs, 0);
    expect(server.connections).toBe(0);
  });

  it('says so when the signal aborts while it connects, and writes nothing afterwards', async () => {
    const server = await startHandshakeFault(HANDSHAKE_FAULTS['never answers the handshake']);
    onTestFinished(server.close);
    const provider = await create(server.url);
    const caller = new AbortController();
    const sending = refused(provider, MESSAGE, caller.signal);
    await until(() => server.connections === 1);
    const abortedAt = performance.now();
    caller.abort();
    expect((await sending).error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    // It waits for nobody: the handshake would go on for seconds.
    await provider.close();
    await until(() => server.open === 0);
    expectWithin(performance.now() - abortedAt, 0);
    expect(server).toMatchObject({ requests: 0, connections: 1 });
  });
}
