import { type Command, Option } from 'commander';
import { type CommandContext, type CommonOptions, collect, configOption, jsonOption, runs } from '../command-context.ts';
import type { PreviewOptions } from '../run/run-templates.ts';

const LIST_EXAMPLES = `Examples:
  sms-dispatch templates list
  sms-dispatch templates list --json
`;

const EXAMPLES = `Examples:
  sms-dispatch templates preview login-code --param code=1234 --param minutes=5
  sms-dispatch templates preview login-code --param code=1234 --param minutes=5 --to +60123456789
`;

export function addTemplatesCommand(program: Command, context: CommandContext): void {
  const templates = program.command('templates').description('list and preview the templates').addHelpText('before', EXAMPLES);
  const list = templates
    .command('list')
    .description('list the templates of the config with their variables and languages')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', LIST_EXAMPLES);
  runs<CommonOptions>(list, context, async (_args, options) =>
    (await import('../run/run-templates.ts')).listTemplates(context.deps, options),
  );
  const preview = templates
    .command('preview')
    .description('show a filled-in template in every language and for each provider; sends nothing')
    .argument('<name>', 'name of a template in the config')
    .addOption(new Option('--param <name=value>', 'a variable of the template; repeatable').argParser(collect))
    .option('--to <number>', 'a phone number: shows the price, and counts segments as for its country')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<PreviewOptions>(preview, context, async ([name], options) =>
    (await import('../run/run-templates.ts')).showPreview(context.deps, name as string, options),
  );
}
