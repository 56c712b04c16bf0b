import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../config/fault.ts';
import { classifyTrouble, type Trouble } from '../../redis/fitness/trouble.ts';
import { asUnavailable, RedisUnavailableError } from '../../redis/unavailable.ts';
import { isLoopback } from '../../setting/loopback.ts';
import type { CliDeps } from '../cli-deps.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { readableStore, soundStore } from '../store-config.ts';
import { createProgressLine } from '../terminal/progress-line.ts';
import { diagnoseConfig, diagnoseEnvironment, diagnoseHttpAccess, diagnoseNode } from './diagnose-setting.ts';
import { diagnoseOverview, diagnoseProcess, diagnoseRedis } from './diagnose-system.ts';
import { concludeDiagnoses, type Diagnosis, formatDiagnoses } from './diagnosis.ts';
import { type CheckRow, checkProvider } from './providers-check.ts';

/** Deadline for all provider checks together. */
const DEADLINE_MS = 10_000;

/** Checks all providers in parallel. Sends no message. */
async function diagnoseProviders(deps: CliDeps, config: Config): Promise<Diagnosis[]> {
  const found = await Promise.all(
    [...config.providers.keys()].map(async (name) => ofRows(name, await checkProvider(deps, config, name, DEADLINE_MS))),
  );
  return found.flat();
}

/** Combines passed checks into one line; failed checks get one line each. */
function ofRows(name: string, rows: readonly CheckRow[]): Diagnosis[] {
  const subject = `provider ${name}`;
  const passed = rows.filter(({ verdict }) => verdict === 'ok').map(({ subject: what }) => what ?? 'it');
  const wrong = rows.filter(({ verdict }) => verdict === 'failed' || verdict === 'warning');
  const unchecked = rows.filter(({ verdict }) => verdict === 'unchecked');
  return [
    ...(passed.length === 0 ? [] : [{ subject, verdict: 'ok', found: passed.join(', ') } as const]),
    ...wrong.map(
      ({ subject: what, verdict, detail }): Diagnosis => ({
        subject,
        verdict,
        found: what === null ? detail : `${what}: ${detail}`,
        todo:
          verdict === 'failed'
            ? `Correct it in the config or in the vendor's console, then: sms-dispatch providers check ${name}`
            : undefined,
      }),
    ),
    ...(passed.length + wrong.length > 0 || unchecked.length === 0
      ? []
      : [{ subject, verdict: 'unchecked', found: unchecked.map(({ detail }) => detail).join('; ') } as const]),
  ];
}

export async function examine(deps: CliDeps, options: StoreOptions): Promise<number> {
  const progress = createProgressLine(deps.stderr);
  progress.show('checking Redis and the providers …');
  const diagnoses = await diagnose(deps, options).finally(progress.clear);
  const ok = diagnoses.every(({ verdict }) => verdict !== 'failed');
  if (options.json) printJson(deps, { ok, findings: diagnoses.flatMap(({ finding }) => finding ?? []), checks: diagnoses });
  else deps.stdout.write(`${formatDiagnoses(diagnoses, deps.colour === true)}\n`);
  deps.stderr.write(`${concludeDiagnoses(diagnoses)}\n`);
  return ok ? 0 : 1;
}

/** Runs all parts independently: an invalid config or an unreachable Redis hides no other fault. */
async function diagnose(deps: CliDeps, options: StoreOptions): Promise<Diagnosis[]> {
  const loaded = await soundStore(deps, options).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  const sound = loaded instanceof ConfigError ? undefined : loaded;
  const readable = loaded instanceof ConfigError ? await readableStore(deps, loaded, options) : loaded.config;
  const [redis, process, providers] = await Promise.all([
    lookAtRedis(deps, readable),
    askReceiver(deps, readable, sound?.hash),
    sound === undefined ? [] : diagnoseProviders(deps, sound.config),
  ]);
  return [
    diagnoseNode(deps.nodeVersion),
    ...diagnoseEnvironment(deps.env),
    ...diagnoseConfig(loaded),
    ...(sound === undefined ? [] : diagnoseHttpAccess(sound.config)),
    ...redis,
    ...process,
    ...providers,
  ];
}

async function lookAtRedis(deps: CliDeps, config: Config | undefined): Promise<Diagnosis[]> {
  try {
    const server = diagnoseRedis(await deps.inspectRedis(config));
    // A server with a fault is not read further. Without a config, the prefix of our keys is unknown.
    if (config === undefined || server.some(({ verdict }) => verdict === 'failed')) return server;
    const overview = await deps.openOverview(config);
    try {
      return [...server, ...diagnoseOverview(await overview.read())];
    } finally {
      await overview.close().catch(() => undefined);
    }
  } catch (error) {
    const away = asUnavailable(error);
    if (!(away instanceof RedisUnavailableError)) throw error;
    const todo =
      todoOf(classifyTrouble(away)) ?? 'Start Redis, set REDIS_URL to its address, or use the embedded Redis of `sms-dispatch start`.';
    return [{ subject: 'redis', verdict: 'failed', found: away.message, todo }];
  }
}

/** Returns the remedy as a sentence. */
function todoOf(trouble: Trouble | undefined): string | undefined {
  return trouble && `It ${trouble.problem}: ${trouble.hint}.`;
}

async function askReceiver(deps: CliDeps, config: Config | undefined, hash: string | undefined): Promise<Diagnosis[]> {
  const { host, port } = config?.http ?? { host: '127.0.0.1', port: 8080 };
  // Port 0 is any free port, which is unknown here.
  if (port === 0) return [];
  const name = isLoopback(host) ? host : '127.0.0.1';
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  return diagnoseProcess(url, await deps.askProcess(url), hash);
}
