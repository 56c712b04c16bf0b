import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ConfigError, formatFault } from '../../config/fault.ts';
import { importGramex } from '../../config/import/import-gramex.ts';
import { importHertzbeat } from '../../config/import/import-hertzbeat.ts';
import type { Imported } from '../../config/import/imported.ts';
import { type ExplainedRoute, explainRoute } from '../../pipeline/routing/explain-route.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, faultCount, UsageError } from '../cli-failure.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from '../command-context.ts';
import { describeRoute } from './describe-route.ts';
import { formatConfigSummary, plainMatcher, summariseConfig } from './summarise-config.ts';

const SYSTEMS: Readonly<Record<string, (text: string, file: string) => Imported>> = { hertzbeat: importHertzbeat, gramex: importGramex };

const IMPORT_EXAMPLES = `Examples:
  sms-dispatch config import hertzbeat application.yml > config/production.yaml
  sms-dispatch config import gramex gramex.yaml
`;

function addConfigImportCommand(config: Command, context: CommandContext): void {
  const command = config
    .command('import')
    .description('convert the config of another system; secrets are left out and listed')
    .argument('<system>', Object.keys(SYSTEMS).join(' or '))
    .argument('<file>', 'YAML file of the other system')
    .addOption(jsonOption())
    .addHelpText('before', IMPORT_EXAMPLES);
  runs<CommonOptions>(command, context, ([system, file], options) => importConfig(context.deps, system as string, file as string, options));
}

async function importConfig(deps: CliDeps, system: string, file: string, options: CommonOptions): Promise<number> {
  const read = Object.hasOwn(SYSTEMS, system) ? SYSTEMS[system] : undefined;
  if (read === undefined) throw new UsageError(`unknown system "${system}": use ${Object.keys(SYSTEMS).join(' or ')}`);
  const { yaml, notes } = read(textOf(file), file);
  if (options.json) printJson(deps, { yaml, notes });
  else {
    deps.stdout.write(yaml);
    for (const note of notes) deps.stderr.write(`${note}\n`);
  }
  return 0;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliFailure(code === 'ENOENT' ? `file not found: ${file}` : `${file} cannot be read: ${code}`);
  }
}

const EXAMPLES = `Examples:
  sms-dispatch config check
  sms-dispatch config check config/production.yaml
  sms-dispatch config check --explain alert.json      its route, its recipients and its messages
`;

export function addConfigCommand(program: Command, context: CommandContext): void {
  const config = program.command('config').description('check the config, or import one').addHelpText('before', EXAMPLES);
  addConfigImportCommand(config, context);
  const check = config
    .command('check')
    .description('validate the config and summarise it; reports all faults')
    .argument('[file]', 'same as --config')
    .addOption(configOption())
    .option('--explain <alert>', 'file with an alert as JSON, - for stdin: explain its outcome; sends nothing')
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CheckOptions>(check, context, ([file], { explain, ...options }) => {
    const [path, json] = [file ?? options.config, options.json === true];
    return explain === undefined ? checkConfig(context.deps, path, json) : explainConfig(context.deps, path, explain, json);
  });
}

interface CheckOptions extends CommonOptions {
  readonly explain?: string;
}

/** Explains what the config does with one alert. Uses neither Redis nor a provider. */
async function explainConfig(deps: CliDeps, file: string | undefined, alertFile: string, json: boolean): Promise<number> {
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

async function checkConfig(deps: CliDeps, file: string | undefined, json: boolean): Promise<number> {
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
