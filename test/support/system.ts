import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import type { BlockablePipe } from './blockable-pipe.ts';
import { until } from './until.ts';

const BIN = resolve('dist/workers/sms-dispatch.js');

export interface SystemProcess {
  readonly child: ChildProcess;
  readonly httpPort: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Everything it has printed, stdout and stderr. */
  output(): string;
  kill(signal?: NodeJS.Signals): void;
  /** Resolves to its exit code, null when a signal ended it. */
  exit(): Promise<number | null>;
}

export interface LaunchOptions {
  readonly kind?: 'start' | 'worker' | 'router' | 'dispatcher' | 'receiver';
  /** YAML text. */
  readonly config: string;
  readonly redisUrl?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Where its stdout goes instead of a pipe of its own; it is closed in the end. */
  readonly stdout?: BlockablePipe | undefined;
  /** Takes what must be done in the end; by default that is when the test ends. */
  readonly onEnd?: (end: () => Promise<void>) => void;
}

/** Starts a real process and waits until it says ready; it is killed in the end. */
export async function launch(options: LaunchOptions): Promise<SystemProcess> {
  const { child, output } = await spawnProcess(options);
  const ready = await until(() => {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${output()}`);
    return output()
      .split('\n')
      .find((line) => line.includes('"msg":"ready"'));
  }, 60_000);
  const { httpPort } = JSON.parse(ready) as { httpPort: number };
  return {
    child,
    httpPort,
    url: `http://127.0.0.1:${httpPort}`,
    output,
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    exit: () => exitOf(child),
  };
}

/** Runs a process that is expected to end by itself. */
export async function runToEnd(
  options: LaunchOptions & { readonly args?: readonly string[] },
): Promise<{ code: number | null; output: string }> {
  const { child, output } = await spawnProcess(options, options.args);
  // Not 'exit', after which output may still come.
  await once(child, 'close');
  return { code: child.exitCode, output: output() };
}

async function spawnProcess(
  { kind = 'start', config, redisUrl, env = {}, stdout, onEnd = onTestFinished }: LaunchOptions,
  args: readonly string[] = [kind],
) {
  const dir = await mkdtemp(join(tmpdir(), 'sms-system-'));
  const file = join(dir, 'config.yaml');
  await writeFile(file, config);
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: dir,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      METRICS_PORT: '0',
      SMS_DISPATCH_CONFIG: file,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      ...env,
    },
    stdio: ['ignore', stdout?.fd ?? 'pipe', 'pipe'],
  });
  stdout?.handOver();
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
  }
  onEnd(async () => {
    child.kill('SIGKILL');
    await exitOf(child);
    stdout?.close();
    await rm(dir, { recursive: true, force: true });
  });
  return { child, output: () => (stdout?.output() ?? '') + text };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export async function call<Body = unknown>(
  url: string,
  init?: { method?: string; body?: unknown; headers?: Record<string, string> },
): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method: init?.method ?? (init?.body === undefined ? 'GET' : 'POST'),
    ...(init?.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    headers: { ...(init?.body === undefined ? {} : { 'content-type': 'application/json' }), ...init?.headers },
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as Body };
}

/** Posts alerts and gives the ids that were accepted. */
export async function post(url: string, alerts: unknown): Promise<string[]> {
  const { status, body } = await call<{ accepted: { id: string }[] }>(`${url}/v1/alerts`, { body: alerts });
  if (status !== 202) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body.accepted.map(({ id }) => id);
}

export async function trace(url: string, id: string): Promise<AlertHistory> {
  return (await call<AlertHistory>(`${url}/v1/alerts/${id}`)).body;
}

/** Waits until the alert has an outcome and each of its messages is in one of the states. */
export async function settled(url: string, id: string, states: readonly string[] = ENDS, deadlineMs = 15_000): Promise<AlertHistory> {
  return until(async () => {
    const found = await trace(url, id);
    const done = found.outcome !== 'pending' && found.messages.every(({ state }) => states.includes(state));
    if (!done) throw new Error(`not yet: ${JSON.stringify(found)}`);
    return found;
  }, deadlineMs);
}

export const ENDS = ['accepted', 'delivered', 'undelivered', 'unknown', 'suppressed', 'expired', 'cancelled', 'failed'];

/** Sample of a Prometheus text: `sms_x_total{a="b"}` → value. */
export async function metrics(url: string): Promise<Map<string, number>> {
  const { body } = await call<string>(`${url}/metrics`);
  return new Map(
    body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** Sum over all label values of one metric, over several scrapes. */
export function total(scrapes: readonly Map<string, number>[], name: string, having = ''): number {
  return scrapes
    .flatMap((scrape) => [...scrape])
    .filter(([series]) => (series === name || series.startsWith(`${name}{`)) && series.includes(having))
    .reduce((sum, [, value]) => sum + value, 0);
}
