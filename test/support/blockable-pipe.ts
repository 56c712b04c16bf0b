import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A pipe for the stdout of a process, whose reader can stop reading. */
export interface BlockablePipe {
  /** The end to write to; close it with {@link BlockablePipe.handOver} when the process has it. */
  readonly fd: number;
  handOver(): void;
  /** All that was read so far. */
  output(): string;
  /** Stops reading and fills the pipe to its last byte. Returns the number of bytes that it took. */
  block(): Promise<number>;
  /** Reads again, what was filled in first. */
  release(): void;
  close(): void;
}

const FILLING = '\n'.repeat(4096);

export async function createBlockablePipe(): Promise<BlockablePipe> {
  const dir = await mkdtemp(join(tmpdir(), 'sms-pipe-'));
  const path = join(dir, 'out');
  execFileSync('mkfifo', [path]);
  // A FIFO opens for writing only once it has a reader; this end also fills it.
  const own = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const reader = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false });
  const fd = openSync(path, constants.O_WRONLY);
  let text = '';
  reader.setEncoding('utf8');
  reader.on('data', (chunk: string) => {
    text += chunk;
  });
  const fill = (): number => {
    let filled = 0;
    for (let size = FILLING.length; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) filled += writeSync(own, FILLING.slice(0, size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
    }
    return filled;
  };
  return {
    fd,
    handOver: () => closeSync(fd),
    output: () => text,
    async block() {
      reader.pause();
      let filled = 0;
      // A paused stream reads on until its own buffer is full.
      for (let before = -1; before < filled; await pause(50)) {
        before = filled;
        filled += fill();
      }
      return filled;
    },
    release: () => void reader.resume(),
    close() {
      reader.destroy();
      closeSync(own);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
