import { readFileSync } from 'node:fs';
import { ConfigError, formatFault } from '../../config/fault.ts';
import { importGramex } from '../../config/import/import-gramex.ts';
import { importHertzbeat } from '../../config/import/import-hertzbeat.ts';
import type { Imported } from '../../config/import/imported.ts';
import { SYSTEMS, type System } from '../../config/import/systems.ts';
import { type ExplainedRoute, explainRoute } from '../../pipeline/routing/explain-route.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommonOptions, printJson } from '../command-context.ts';
import { faultCount } from '../report-failure.ts';
import { describeRoute } from './describe-route.ts';
import { formatConfigSummary, plainMatcher, summariseConfig } from './summarise-config.ts';

const READERS: Readonly<Record<System, (text: string, file: string) => Imported>> = { hertzbeat: importHertzbeat, gramex: importGramex };

export async function importConfig(deps: CliDeps, system: string, file: string, options: CommonOptions): Promise<number> {
  if (!isSystem(system)) throw new UsageError(`unknown system "${system}": use ${SYSTEMS.join(' or ')}`);
  const { yaml, notes } = READERS[system](textOf(file), file);
  if (options.json) printJson(deps, { yaml, notes });
  else {
    deps.stdout.write(yaml);
    for (const note of notes) deps.stderr.write(`${note}\n`);
  }
  return 0;
}

const isSystem = (name: string): name is System => (SYSTEMS as readonly string[]).includes(name);

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(code === 'ENOENT' ? `file not found: ${file}` : `${file} cannot be read: ${code}`);
  }
}

export interface CheckOptions extends CommonOptions {
  readonly explain?: string;
}

/** Explains what the config does with one alert. Uses neither Redis nor a provider. */
export async function explainConfig(deps: CliDeps, file: string | undefined, alertFile: string, json: boolean): Promise<number> {
  const { config, path, warnings } = await deps.loadConfig(file);
  const alert = readAlertFile(alertFile);
  const explained = explainRoute(alert, config, deps.now());
  for (const warning of warnings) deps.stderr.write(`warning: ${formatFault(warning)}\n`);
  if (json)
    printJson(deps, {
      ok: true,
      path,
      ...explained,
      passedOver: explained.passedOver.map(plainMismatch),
      caps: explained.caps ?? null,
      stops: explained.stops ?? null,
    });
  else deps.stdout.write(describeRoute(explained, config));
  return 0;
}

function plainMismatch({ wanted, found, ...rest }: ExplainedRoute['passedOver'][number]) {
  return { ...rest, wanted: plainMatcher(wanted), found: found ?? null };
}

/** @throws {CliFailure} for a file that cannot be read or is not JSON; its content is never quoted */
function readAlertFile(file: string): unknown {
  const name = file === '-' ? 'stdin' : file;
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(code === 'ENOENT' ? `file not found: ${name}` : `${name} cannot be read: ${code}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new CliFailure(`${name} is not JSON`, 'Example: {"to": "contact:alice", "severity": "critical", "text": "Disk full"}');
  }
}

export async function checkConfig(deps: CliDeps, file: string | undefined, json: boolean): Promise<number> {
  const { config, path, warnings } = await deps.loadConfig(file).catch((error: unknown) => {
    // With --json the faults are printed on stdout too, as the result of the check.
    if (json && error instanceof ConfigError) printJson(deps, { ok: false, error: { message: faultCount(error), errors: error.faults } });
    throw error;
  });
  const summary = summariseConfig(config);
  for (const warning of warnings) deps.stderr.write(`warning: ${formatFault(warning)}\n`);
  if (json) printJson(deps, { ok: true, path, warnings, ...summary });
  else deps.stdout.write(`OK ${path}\n\n${formatConfigSummary(summary)}\n`);
  return 0;
}
