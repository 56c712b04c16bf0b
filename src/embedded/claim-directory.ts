import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Another live process keeps its Redis in this directory. */
export class DirectoryInUseError extends Error {
  constructor(dir: string, pid: string) {
    super(`${dir} is in use by another sms-dispatch (process ${pid}): stop that one, or give this one a directory of its own`);
    this.name = 'DirectoryInUseError';
  }
}

/**
 * Makes this process the only one on this machine that may run a Redis in `dir`. The claim is a listening socket, which
 * the system takes back however the process ends, so that no crash leaves it in the way.
 * @param dir real path of the directory
 * @returns gives the claim up
 * @throws DirectoryInUseError
 */
export async function claimDirectory(dir: string): Promise<() => Promise<void>> {
  const id = `sms-dispatch-${createHash('sha256').update(dir).digest('hex').slice(0, 32)}`;
  // Linux has names that vanish with their socket; elsewhere a file remains, which tells nothing unless somebody answers.
  const address = process.platform === 'linux' ? `\0${id}` : join(tmpdir(), `${id}.sock`);
  const server = createServer((socket) => socket.end(String(process.pid))).unref();
  try {
    await listen(server, address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const holder = await askHolder(address);
    if (holder !== undefined) throw new DirectoryInUseError(dir, holder);
    if (process.platform !== 'linux') await unlink(address);
    await listen(server, address);
  }
  return async () => {
    server.close();
    await once(server, 'close');
  };
}

async function listen(server: Server, address: string): Promise<void> {
  server.listen(address);
  await once(server, 'listening');
}

/** The process id of the holder, `undefined` when nobody listens there any more. */
async function askHolder(address: string): Promise<string | undefined> {
  const socket = connect(address).setEncoding('utf8').setTimeout(1000);
  // A holder that is stopped in a debugger does not answer; it is a holder all the same.
  socket.once('timeout', () => socket.destroy());
  let answer = '';
  try {
    for await (const chunk of socket) answer += chunk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
  }
  return answer === '' ? 'that does not answer' : answer;
}
