import type { Command } from 'commander';
import type { Config } from '../../config/config.ts';
import { providersOf } from '../../policy/provider-order.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatDuration } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from '../command-context.ts';
import { checkProviders } from './providers-check.ts';

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
  runs<CommonOptions>(list, context, (_args, options) => listProviders(context.deps, options));
  const check = providers
    .command('check')
    .description('check credentials, sender, templates and clock with the vendors; sends no message')
    .argument('[name...]', 'names of providers in the config (default: all)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', CHECK_EXAMPLES)
    .addHelpText('after', '\nExit code 1 when a check failed; a warning is not a failure.');
  runs<CommonOptions>(check, context, (names, options) => checkProviders(context.deps, names, options));
}

async function listProviders(deps: CliDeps, options: CommonOptions): Promise<number> {
  const { config } = await deps.loadConfig(options.config);
  const rows = providerRows(config);
  if (options.json) printJson(deps, { providers: rows });
  else deps.stdout.write(`${formatProviders(rows)}\n`);
  return 0;
}

type ProviderRow = ReturnType<typeof providerRows>[number];

/** Returns named fields only, so that no other field of a provider's config, such as a secret, is shown. */
function providerRows({ providers, routes }: Config) {
  return [...providers].map(([name, { type, timeoutMs, maxPerSecond, maxConcurrent, countries }]) => ({
    name,
    type,
    routes: routes.filter((route) => providersOf(route).includes(name)).map((route) => route.name),
    timeoutMs,
    maxPerSecond: maxPerSecond ?? null,
    maxConcurrent: maxConcurrent ?? null,
    countries: countries ?? null,
  }));
}

function formatProviders(rows: readonly ProviderRow[]): string {
  return formatTable([
    ['NAME', 'TYPE', 'ROUTES', 'TIMEOUT', 'PER SECOND', 'CONCURRENT', 'COUNTRIES'],
    ...rows.map(({ name, type, routes, timeoutMs, maxPerSecond, maxConcurrent, countries }) => [
      name,
      type,
      routes.join(',') || '-',
      formatDuration(timeoutMs),
      maxPerSecond === null ? '-' : String(maxPerSecond),
      maxConcurrent === null ? '-' : String(maxConcurrent),
      countries === null ? 'all' : countries.map((code) => `+${code}`).join(','),
    ]),
  ]);
}
