import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { importGramex } from '../../config/import/import-gramex.ts';
import { importHertzbeat } from '../../config/import/import-hertzbeat.ts';
import type { Imported } from '../../config/import/imported.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommandContext, type CommonOptions, jsonOption, printJson, runs } from '../command-context.ts';

const SYSTEMS: Readonly<Record<string, (text: string, file: string) => Imported>> = { hertzbeat: importHertzbeat, gramex: importGramex };

const EXAMPLES = `Examples:
  sms-dispatch config import hertzbeat application.yml > config/production.yaml
  sms-dispatch config import gramex gramex.yaml
`;

export function addConfigImportCommand(config: Command, context: CommandContext): void {
  const command = config
    .command('import')
    .description("another system's config as one of ours; secrets are left out and named")
    .argument('<system>', Object.keys(SYSTEMS).join(' or '))
    .argument('<file>', 'its YAML file')
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(command, context, ([system, file], options) => importConfig(context.deps, system as string, file as string, options));
}

async function importConfig(deps: CliDeps, system: string, file: string, options: CommonOptions): Promise<number> {
  const read = Object.hasOwn(SYSTEMS, system) ? SYSTEMS[system] : undefined;
  if (read === undefined) throw new UsageError(`nothing is known of "${system}": ${Object.keys(SYSTEMS).join(' or ')}`);
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
    throw new CliFailure(code === 'ENOENT' ? `no such file: ${file}` : `${file} cannot be read: ${code}`);
  }
}
