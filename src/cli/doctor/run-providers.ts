import type { Config } from '../../config/config.ts';
import { providersOf } from '../../policy/provider-order.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatDuration } from '../../text/format-time.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommonOptions, printJson } from '../command-context.ts';

export async function listProviders(deps: CliDeps, options: CommonOptions): Promise<number> {
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
