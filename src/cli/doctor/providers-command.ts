import type { Command } from 'commander';
import { type CommandContext, type CommonOptions, configOption, jsonOption, runs } from '../command-context.ts';

const EXAMPLES = `Examples:
  sms-dispatch providers list
  sms-dispatch providers list --json
`;

const CHECK_EXAMPLES = `Examples:
  sms-dispatch providers check
  sms-dispatch providers check twilio-main sns-eu
`;

export function addProvidersCommand(program: Command, context: CommandContext): void {
  const providers = program
    .command('providers')
    .description('list and check the providers')
    .addHelpText('before', `${EXAMPLES}${CHECK_EXAMPLES.replace('Examples:\n', '')}`);
  const list = providers
    .command('list')
    .description('list the providers of the config, the routes that use them, and their limits')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(list, context, async (_args, options) => (await import('./run-providers.ts')).listProviders(context.deps, options));
  const check = providers
    .command('check')
    .description('check credentials, sender, templates and clock with the vendors; sends no message')
    .argument('[name...]', 'names of providers in the config (default: all)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', CHECK_EXAMPLES)
    .addHelpText('after', '\nExit code 1 when a check failed; a warning is not a failure.');
  runs<CommonOptions>(check, context, async (names, options) =>
    (await import('./providers-check.ts')).checkProviders(context.deps, names, options),
  );
}
