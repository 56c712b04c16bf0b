import type { Command } from 'commander';
import { formatFault } from '../config/fault.ts';
import type { CliDeps } from './cli-deps.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from './command-context.ts';
import { formatConfigSummary, summariseConfig } from './summarise-config.ts';

const EXAMPLES = `Examples:
  sms-dispatch config check
  sms-dispatch config check config/production.yaml
`;

export function addConfigCommand(program: Command, context: CommandContext): void {
  const config = program.command('config').description('look at the config');
  const check = config
    .command('check')
    .description('say whether the config is right, and what it comes to; all faults at once')
    .argument('[file]', 'the same as --config')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(check, context, ([file], options) => checkConfig(context.deps, file ?? options.config, options.json === true));
}

async function checkConfig(deps: CliDeps, file: string | undefined, json: boolean): Promise<number> {
  const { config, path, warnings } = await deps.loadConfig(file);
  const summary = summariseConfig(config);
  for (const warning of warnings) deps.stderr.write(`warning: ${formatFault(warning)}\n`);
  if (json) printJson(deps, { ok: true, path, warnings, ...summary });
  else deps.stdout.write(`OK ${path}\n\n${formatConfigSummary(summary)}\n`);
  return 0;
}
