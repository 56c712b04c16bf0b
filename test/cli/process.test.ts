import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askProcess } from '../../workers/ask-process.ts';

/** Something that listens where a receiver may be. */
async function listening(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A process of ours, as far as it is asked. */
const ours = (status: number, readyz: object, metrics: string) =>
  listening(({ url }, response) => {
    if (url === '/readyz') response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(readyz));
    else response.end(metrics);
  });

describe('a process that is asked how it does', () => {
  test('reports that it is ready, and the hash of its config', async () => {
    const url = await ours(200, { ready: true, reasons: [] }, `# TYPE sms_config_hash gauge\nsms_config_hash ${0x0123456789ab}\n`);
    expect(await askProcess(url)).toEqual({ ready: true, reasons: [], configHash: '0123456789ab' });
  });

  test('reports why it is not', async () => {
    const url = await ours(503, { ready: false, reasons: ['Redis does not answer'] }, '');
    expect(await askProcess(url)).toEqual({ ready: false, reasons: ['Redis does not answer'], configHash: undefined });
  });

  test.each<[what: string, answer: (response: ServerResponse) => void]>([
    ['a stranger with another page', (response) => void response.writeHead(404).end('{}')],
    ['a stranger without JSON', (response) => void response.end('<html>')],
    ['a stranger that leads elsewhere', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['one that hangs up', (response) => void response.destroy()],
  ])('%s is none of ours', async (_what, answer) => {
    expect(await askProcess(await listening((_request, response) => answer(response)))).toBeUndefined();
  });
});
