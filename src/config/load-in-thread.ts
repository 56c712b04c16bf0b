import { Worker } from 'node:worker_threads';
import { ConfigError, type Fault } from './fault.ts';
import type { LoadedConfig, LoadOptions } from './load-config.ts';
import { putSecretsBack, type SecretsApart } from './secrets-apart.ts';

export type LoadGiven = Pick<LoadOptions, 'path' | 'env'>;

/** `files`: each file that was read → digest of its content. */
export type ThreadAnswer = { readonly files: ReadonlyMap<string, string> } & (
  | { readonly loaded: SecretsApart<LoadedConfig> }
  | { readonly faults: readonly Fault[] }
);

/** Far longer than any config takes; reading a pipe without a writer never ends. */
const LONGEST_MS = 300_000;

/**
 * Loads a config as `loadConfig` does, in a worker thread.
 * @param script `load-thread.ts`, compiled to JavaScript
 * @returns rejects when the thread fails; faults of the config are part of the result
 */
export async function loadInThread(given: LoadGiven, script: URL): Promise<ThreadAnswer> {
  const thread = new Worker(script, { workerData: given });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<ThreadAnswer>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`reading the config took longer than ${LONGEST_MS / 60_000} min`)), LONGEST_MS);
      timer.unref();
      thread.once('message', resolve).once('messageerror', reject).once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the thread that reads the config ended with code ${code}`)));
    });
  } finally {
    clearTimeout(timer);
    void thread.terminate();
  }
}

/** @throws {ConfigError} with all faults */
export function configIn(answer: ThreadAnswer): LoadedConfig {
  if ('faults' in answer) throw new ConfigError(answer.faults);
  return putSecretsBack(answer.loaded);
}
