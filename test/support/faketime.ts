import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Path of libfaketime, which moves the wall clock of a process; `undefined` where it is not installed (Debian: package `faketime`). */
export const FAKETIME: string | undefined = findLibrary();

/** What a test that needs it is called where it is skipped: `describe.skipIf(FAKETIME === undefined)`. */
export const NEEDS_FAKETIME = 'needs libfaketime (apt-get install faketime)';

/** The wall clock of the processes that are started with its `env`; their monotonic clock is not touched. */
export interface MovedClock {
  /** Of a process whose clock it is. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the clock so far ahead of the real one, or behind it; running processes see it within milliseconds. */
  step(aheadMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param aheadMs how far the clock is ahead of the real one at first; negative: behind
 * @throws Error where libfaketime is not installed
 */
export async function createMovedClock(aheadMs = 0): Promise<MovedClock> {
  if (FAKETIME === undefined) throw new Error(NEEDS_FAKETIME);
  const dir = await mkdtemp(join(tmpdir(), 'sms-clock-'));
  const file = join(dir, 'offset');
  const step = async (ms: number) => {
    // Renamed, so that no process reads half of it.
    await writeFile(`${file}.next`, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}\n`);
    await rename(`${file}.next`, file);
  };
  await step(aheadMs);
  return {
    env: {
      // With libc's allocator, since jemalloc asks for the time before libfaketime is ready, and Redis never starts.
      LD_PRELOAD: `${FAKETIME} libc.so.6`,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Read again at each look at the clock.
      FAKETIME_NO_CACHE: '1',
    },
    step,
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

function findLibrary(): string | undefined {
  const root = '/usr/lib';
  const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
  return [...folders, root].map((folder) => join(folder, 'faketime', 'libfaketime.so.1')).find((path) => existsSync(path));
}
