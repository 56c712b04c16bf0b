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
    .description('look at the providers')
    .addHelpText('before', `${EXAMPLES}${CHECK_EXAMPLES.replace('Examples:\n', '')}`);
  const list = providers
    .command('list')
    .description('the providers of the config, the routes that use them, and their limits')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<CommonOptions>(list, context, (_args, options) => listProviders(context.deps, options));
  const check = providers
    .command('check')
    .description('ask the vendors whether credentials, sender, templates and clock are right; sends no text')
    .argument('[name...]', 'of providers in the config (default: all)')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', CHECK_EXAMPLES)
    .addHelpText('after', '\nExit code 1 when anything failed; a warning does not fail.');
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

/** Named fields only: whatever else a provider's config holds, secrets among it, stays out. */
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
    ['NAME', 'TYPE', 'ROUTES', 'TIMEOUT', 'PER SECOND', 'AT ONCE', 'COUNTRIES'],
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
