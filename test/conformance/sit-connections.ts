import { expect, it, onTestFinished } from 'vitest';
import { until } from '../support/until.ts';
import { startFaultServer } from '../support/vendors/fault-server.ts';
import { MESSAGE, type Wire } from './candidate.ts';
import { type Examiner, NOT_SENT, nextTurn, UNKNOWN } from './examiner.ts';
import { startVendor } from './start-vendor.ts';

export function sitConnections(wire: Wire, { create, attempt, refused }: Examiner): void {
  const yes = `HTTP/1.1 ${wire.yes.status} X\r\nContent-Length: ${Buffer.byteLength(wire.yes.body)}\r\n\r\n${wire.yes.body}`;

  it('keeps one alive from send to send', async () => {
    const server = await startFaultServer((socket) => socket.write(yes));
    onTestFinished(server.close);
    const provider = await create(server.url);
    for (let sent = 0; sent < 5; sent++) {
      expect((await attempt(provider)).result).toEqual(wire.accepted);
      await nextTurn();
    }
    expect(server).toMatchObject({ requests: 5, connections: 1 });
  });

  it('sends through a new one when the kept one was closed in the meantime', async () => {
    let closed: Promise<unknown> | undefined;
    const server = await startFaultServer((socket) => {
      closed = new Promise((resolve) => socket.once('close', resolve));
      socket.end(yes);
    });
    onTestFinished(server.close);
    const provider = await create(server.url);
    for (let sent = 1; sent <= 3; sent++) {
      expect((await attempt(provider)).result).toEqual(wire.accepted);
      await closed;
      expect(server).toMatchObject({ requests: sent, connections: sent });
    }
  });

  it('does not send again when a kept one breaks under the request', async () => {
    const server = await startFaultServer((socket) => (server.requests === 1 ? socket.write(yes) : socket.resetAndDestroy()));
    onTestFinished(server.close);
    const provider = await create(server.url);
    expect((await attempt(provider)).result).toEqual(wire.accepted);
    await nextTurn();
    expect((await refused(provider)).error).toMatchObject(UNKNOWN);
    expect(server).toMatchObject({ requests: 2, connections: 1 });
  });

  it('carries many sends at once under one signal', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    onTestFinished(() => void process.off('warning', listen));
    const vendor = await startVendor(wire.yes);
    const provider = await create(vendor.url);
    const { signal } = new AbortController();
    const results = await Promise.all(Array.from({ length: 50 }, () => provider.send(MESSAGE, signal)));
    expect(results).toEqual(Array.from({ length: 50 }, () => wire.accepted));
    expect(vendor.hits).toHaveLength(50);
    // Warnings are emitted on the next tick.
    await nextTurn();
    expect(warnings).toEqual([]);
  });

  it('closes them when it is closed, and sends nothing after', async () => {
    const server = await startFaultServer((socket) => socket.write(yes));
    onTestFinished(server.close);
    const provider = await create(server.url);
    await Promise.all([attempt(provider), attempt(provider)]);
    await provider.close();
    await until(() => server.open === 0);
    expect((await refused(provider)).error).toMatchObject(NOT_SENT);
    expect(server).toMatchObject({ requests: 2, connections: 2 });
  });

  it('lets what is under way end before it closes', async () => {
    let answer = () => {};
    const server = await startFaultServer((socket) => {
      answer = () => socket.write(yes);
    });
    onTestFinished(server.close);
    const provider = await create(server.url);
    const sending = attempt(provider);
    await until(() => server.requests === 1);
    const closed = provider.close();
    answer();
    expect((await sending).result).toEqual(wire.accepted);
    await closed;
  });
}
