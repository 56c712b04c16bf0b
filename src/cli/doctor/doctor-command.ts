import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../config/fault.ts';
import { classifyTrouble, type Trouble } from '../../redis/fitness/trouble.ts';
import { asUnavailable, RedisUnavailableError } from '../../redis/unavailable.ts';
import { isLoopback } from '../../setting/loopback.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { readableStore, soundStore } from '../store-config.ts';
import { createProgressLine } from '../terminal/progress-line.ts';
import { diagnoseConfig, diagnoseDoor, diagnoseEnvironment, diagnoseNode } from './diagnose-setting.ts';
import { diagnoseOverview, diagnoseProcess, diagnoseRedis } from './diagnose-system.ts';
import { concludeDiagnoses, type Diagnosis, formatDiagnoses } from './diagnosis.ts';
import { type CheckRow, checkProvider } from './providers-check.ts';

/** For all of them: somebody waits. */
const DEADLINE_MS = 10_000;

/** Asks every vendor at once whether it would serve us. Sends no text. */
async function diagnoseProviders(deps: CliDeps, config: Config): Promise<Diagnosis[]> {
  const found = await Promise.all(
    [...config.providers.keys()].map(async (name) => ofRows(name, await checkProvider(deps, config, name, DEADLINE_MS))),
  );
  return found.flat();
}

/** What is well in one line, what is not in one each. */
function ofRows(name: string, rows: readonly CheckRow[]): Diagnosis[] {
  const subject = `provider ${name}`;
  const well = rows.filter(({ verdict }) => verdict === 'ok').map(({ subject: what }) => what ?? 'it');
  const wrong = rows.filter(({ verdict }) => verdict === 'failed' || verdict === 'warning');
  const unchecked = rows.filter(({ verdict }) => verdict === 'unchecked');
  return [
    ...(well.length === 0 ? [] : [{ subject, verdict: 'ok', found: well.join(', ') } as const]),
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
    ...(well.length + wrong.length > 0 || unchecked.length === 0
      ? []
      : [{ subject, verdict: 'unchecked', found: unchecked.map(({ detail }) => detail).join('; ') } as const]),
  ];
}

const EXAMPLES = `Examples:
  sms-dispatch doctor                                 what is wrong here, and what to do
  sms-dispatch doctor --json > report.json            for a bug report: no secret and no phone number is in it
`;

const NOTE = `
Looks at Node, the environment, the config, Redis, the clock, the running processes, the queues and the providers.
Sends no text and tells no channel or webhook anything. Exit code 1 when something is wrong; a warning is not wrong.
`;

export function addDoctorCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program.command('doctor').description('look for what is wrong, from the config to the providers, and say what to do'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTE);
  runs<StoreOptions>(command, context, (_args, options) => examine(context.deps, options));
}

async function examine(deps: CliDeps, options: StoreOptions): Promise<number> {
  const progress = createProgressLine(deps.stderr);
  progress.show('asking Redis and the providers …');
  const diagnoses = await diagnose(deps, options).finally(progress.clear);
  const ok = diagnoses.every(({ verdict }) => verdict !== 'failed');
  if (options.json) printJson(deps, { ok, findings: diagnoses.flatMap(({ finding }) => finding ?? []), checks: diagnoses });
  else deps.stdout.write(`${formatDiagnoses(diagnoses, deps.colour === true)}\n`);
  deps.stderr.write(`${concludeDiagnoses(diagnoses)}\n`);
  return ok ? 0 : 1;
}

/** Each part goes on without the others: a broken config or a Redis that is away hides nothing else. */
async function diagnose(deps: CliDeps, options: StoreOptions): Promise<Diagnosis[]> {
  const loaded = await soundStore(deps, options).catch((error: unknown) => {
    if (error instanceof ConfigError) return error;
    throw error;
  });
  const sound = loaded instanceof ConfigError ? undefined : loaded;
  const readable = loaded instanceof ConfigError ? readableStore(deps, loaded, options) : loaded.config;
  const [redis, process, providers] = await Promise.all([
    lookAtRedis(deps, readable),
    askReceiver(deps, readable, sound?.hash),
    sound === undefined ? [] : diagnoseProviders(deps, sound.config),
  ]);
  return [
    diagnoseNode(deps.nodeVersion),
    ...diagnoseEnvironment(deps.env),
    ...diagnoseConfig(loaded),
    ...(sound === undefined ? [] : diagnoseDoor(sound.config)),
    ...redis,
    ...process,
    ...providers,
  ];
}

async function lookAtRedis(deps: CliDeps, config: Config | undefined): Promise<Diagnosis[]> {
  try {
    const server = diagnoseRedis(await deps.inspectRedis(config));
    // A server that refuses to serve us answers nothing more. Without a config it is not known which one is ours.
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
    const todo = todoOf(classifyTrouble(away)) ?? 'Start it, set REDIS_URL to where it is, or let `sms-dispatch start` bring its own.';
    return [{ subject: 'redis', verdict: 'failed', found: away.message, todo }];
  }
}

/** As a sentence. */
function todoOf(trouble: Trouble | undefined): string | undefined {
  return trouble && `It ${trouble.problem}: ${trouble.remedy}.`;
}

async function askReceiver(deps: CliDeps, config: Config | undefined, hash: string | undefined): Promise<Diagnosis[]> {
  const { host, port } = config?.http ?? { host: '127.0.0.1', port: 8080 };
  // Any free one: nobody knows which.
  if (port === 0) return [];
  const name = isLoopback(host) ? host : '127.0.0.1';
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  return diagnoseProcess(url, await deps.askProcess(url), hash);
}
