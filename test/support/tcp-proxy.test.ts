import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startTcpProxy } from './tcp-proxy.ts';
import { until } from './until.ts';

/** A server that repeats what it hears, behind a proxy, and a client that listens. */
async function open() {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      socket.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startTcpProxy((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    server.close();
  });
  const call = async (): Promise<{ socket: Socket; answers(): string; ended(): string | undefined }> => {
    const socket = connect(proxy.port, '127.0.0.1');
    let answers = '';
    let ended: string | undefined;
    socket.on('data', (chunk) => {
      answers += chunk.toString();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      ended = error.code;
    });
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
    return { socket, answers: () => answers, ended: () => ended };
  };
  return { proxy, heard: () => heard.join(''), call };
}

it('what passes arrives on both sides', async () => {
  const { call, heard } = await open();
  const { socket, answers } = await call();
  socket.write('hello');
  await until(() => answers() === 'hello');
  expect(heard()).toBe('hello');
});

it('in a black hole nothing arrives and no side gets an error, until it heals', async () => {
  const { proxy, call, heard } = await open();
  const before = await call();
  await proxy.set('blackhole');
  const during = await call();
  before.socket.write('old');
  during.socket.write('new');
  // Somebody else's call, that has come and gone meanwhile, is the clock.
  const clock = await open();
  const other = await clock.call();
  other.socket.write('tick');
  await until(() => other.answers() === 'tick');
  expect([heard(), before.ended(), during.ended()]).toEqual(['', undefined, undefined]);
  await proxy.set('pass');
  await until(() => before.answers() === 'old' && during.answers() === 'new');
});

it('one way, requests arrive and answers do not, until it heals', async () => {
  const { proxy, call, heard } = await open();
  await proxy.set('one-way');
  const { socket, answers } = await call();
  socket.write('hello');
  await until(() => heard() === 'hello');
  expect(answers()).toBe('');
  await proxy.set('pass');
  await until(() => answers() === 'hello');
});

it('a reset cuts what stands and what comes', async () => {
  const { proxy, call } = await open();
  const before = await call();
  before.socket.write('hello');
  await until(() => before.answers() === 'hello');
  await proxy.set('reset');
  await until(() => before.ended() === 'ECONNRESET');
  const after = await call();
  await until(() => after.ended() === 'ECONNRESET');
});

it('a refusal is one at connect, and ends with it', async () => {
  const { proxy, call } = await open();
  await proxy.set('refuse');
  const refused = await call();
  await until(() => refused.ended() === 'ECONNREFUSED');
  await proxy.set('pass');
  const { socket, answers } = await call();
  socket.write('hello');
  await until(() => answers() === 'hello');
});

it('latency delays each way and keeps the order, also when it ends', async () => {
  const { proxy, call } = await open();
  const { socket, answers } = await call();
  await proxy.set({ latencyMs: 100 });
  const started = performance.now();
  socket.write('a');
  await until(() => answers() === 'a');
  expect(performance.now() - started).toBeGreaterThanOrEqual(200);
  socket.write('b');
  await proxy.set('pass');
  socket.write('c');
  await until(() => answers() === 'abc');
});
