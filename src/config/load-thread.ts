import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from './fault.ts';
import { loadConfig } from './load-config.ts';
import type { LoadGiven, ThreadAnswer } from './load-in-thread.ts';
import { takeSecretsApart } from './secrets-apart.ts';
import { digest } from './source/read-text.ts';

const files = new Map<string, string>();

/** A bug in our code is thrown, and ends the thread with its stack trace. */
function answer(): ThreadAnswer {
  const { path, env } = workerData as LoadGiven;
  try {
    const loaded = loadConfig({ path, env, onRead: (file, bytes) => files.set(file, digest(bytes)) });
    return { files, loaded: takeSecretsApart(loaded) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { files, faults: error.faults };
  }
}

parentPort?.postMessage(answer());
