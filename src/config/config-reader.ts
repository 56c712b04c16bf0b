import { readFile, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type LoadedConfig, loadConfig } from './load-config.ts';
import { configIn, type LoadGiven, loadInThread } from './load-in-thread.ts';
import { digest } from './source/read-text.ts';

export interface ConfigReader {
  /** @throws {ConfigError} with all faults */
  load(): LoadedConfig;
  /** Same as `load`, without blocking the event loop, which a large config does for seconds. Rejects with the errors of `load`. */
  reload(): Promise<LoadedConfig>;
  /**
   * Calls back when the content of a file read by the last load, successful or not, has changed: written in place,
   * replaced by rename, or a symbolic link that points elsewhere, as Kubernetes does with a ConfigMap. Ends with the
   * signal.
   */
  watch(onChange: () => Promise<unknown>, signal: AbortSignal): Promise<void>;
}

export interface WatchPace {
  /** Polling interval, ms. Polling, since network and overlay file systems do not report changes. */
  readonly everyMs?: number;
  /** A change counts after this time without a further change, ms. */
  readonly settleMs?: number;
}

/** Compiled beside this file; a test that runs the sources names the compiled file. */
const THREAD = new URL('./load-thread.js', import.meta.url);

/** Reads one config repeatedly, and stores the digests of the files that it read. */
export function createConfigReader(given: LoadGiven, { everyMs = 2000, settleMs = 250 }: WatchPace = {}, thread = THREAD): ConfigReader {
  /** File → digest of its content; replaced as a whole by each load. */
  let read: ReadonlyMap<string, string> = new Map();
  const onDisk = createDigests();

  const load = () => {
    const files = new Map<string, string>();
    read = files;
    return loadConfig({ ...given, onRead: (file, bytes) => files.set(file, digest(bytes)) });
  };
  const reload = async () => {
    const answer = await loadInThread(given, thread).catch(async (error: unknown) => {
      // Not retried until a file changes.
      read = await look();
      throw error;
    });
    read = answer.files;
    return configIn(answer);
  };
  const look = async () => new Map(await Promise.all([...read.keys()].map(async (file) => [file, await onDisk(file)] as const)));

  const watch = async (onChange: () => Promise<unknown>, signal: AbortSignal): Promise<void> => {
    let before = read;
    for (;;) {
      const now = await look();
      const settled = same(now, before);
      before = now;
      const changed = !same(now, read);
      if (changed && settled) await onChange();
      await pause(changed && !settled ? settleMs : everyMs, undefined, { signal, ref: false });
    }
  };
  return {
    load,
    reload,
    watch: (onChange, signal) =>
      watch(onChange, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      }),
  };
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([file, held]) => b.get(file) === held);
}

/** Digest of the content of a file; read only when its inode, size or time has changed. */
function createDigests(): (file: string) => Promise<string> {
  const known = new Map<string, { readonly stamp: string; readonly held: string }>();
  return async (file) => {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      const stamp = [dev, ino, size, mtimeNs, ctimeNs].join();
      const before = known.get(file);
      if (before?.stamp === stamp) return before.held;
      const held = digest(await readFile(file));
      known.set(file, { stamp, held });
      return held;
    } catch {
      known.delete(file);
      return digest(undefined);
    }
  };
}
