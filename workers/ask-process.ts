import type { ProcessAnswer } from '../src/cli/cli-deps.ts';

const DEADLINE_MS = 3000;

/** Asks one of our processes whether it is ready, and for its config hash. `undefined` where no process of ours listens. */
export async function askProcess(url: string): Promise<ProcessAnswer | undefined> {
  const get = (path: string) => fetch(url + path, { signal: AbortSignal.timeout(DEADLINE_MS), redirect: 'error' });
  try {
    const readyz = await get('/readyz');
    const body = (await readyz.json()) as { readonly reasons?: unknown };
    // Any other status is from another program.
    if (readyz.status !== 200 && readyz.status !== 503) return undefined;
    const reasons = Array.isArray(body.reasons) ? body.reasons.map(String) : [];
    const metrics = await get('/metrics').then(
      (answer) => answer.text(),
      () => '',
    );
    return { ready: readyz.status === 200, reasons, configHash: readHash(metrics) };
  } catch {
    return undefined;
  }
}

/** Reads the hash from the metric that carries it as a number of 48 bits. */
function readHash(metrics: string): string | undefined {
  const value = /^sms_config_hash(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1];
  return value === undefined ? undefined : Number(value).toString(16).padStart(12, '0');
}
