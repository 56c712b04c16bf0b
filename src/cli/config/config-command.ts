import type { Command } from 'commander';
import { SYSTEMS } from '../../config/import/systems.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, runs } from '../command-context.ts';
import type { CheckOptions } from './run-config.ts';

const IMPORT_EXAMPLES = `Examples:
  sms-dispatch config import hertzbeat application.yml > config/production.yaml
  sms-dispatch config import gramex gramex.yaml
`;

function addConfigImportCommand(config: Command, context: CommandContext): void {
  const command = config
    .command('import')
    .description('convert the config of another system; secrets are left out and listed')
    .argument('<system>', SYSTEMS.join(' or '))
    .argument('<file>', 'YAML file of the other system')
    .addOption(jsonOption())
    .addHelpText('before', IMPORT_EXAMPLES);
  runs<CommonOptions>(command, context, async ([system, file], options) =>
    (await import('./run-config.ts')).importConfig(context.deps, system as string, file as string, options),
  );
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
  runs<CheckOptions>(check, context, async ([file], { explain, ...options }) => {
    const { checkConfig, explainConfig } = await import('./run-config.ts');
    const [path, json] = [file ?? options.config, options.json === true];
    return explain === undefined ? checkConfig(context.deps, path, json) : explainConfig(context.deps, path, explain, json);
  });
}
