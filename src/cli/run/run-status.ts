import { judgeHealth } from '../../overview/judge-health.ts';
import type { CliDeps } from '../cli-deps.ts';
import { printJson, type StoreOptions } from '../command-context.ts';
import { formatOverview } from '../format/format-overview.ts';
import { storeConfig } from '../store-config.ts';
import { watchOverview } from '../terminal/watch-overview.ts';
import { withOverview } from '../with-redis.ts';

export interface StatusOptions extends StoreOptions {
  readonly once?: true;
}

/** Width of a line where that of the output is unknown. */
const WIDTH = 120;

export async function showStatus(deps: CliDeps, options: StatusOptions): Promise<number> {
  const { once, json } = options;
  const config = await storeConfig(deps, options);
  const format = { colour: deps.colour === true, currency: config.money?.currency };
  if (!once && !json && deps.openScreen !== undefined) {
    await watchOverview({ ...format, screen: deps.openScreen(), open: () => deps.openOverview(config) });
    return 0;
  }
  const overview = await withOverview(deps, config, ({ read }) => read());
  const health = judgeHealth(overview);
  if (json) printJson(deps, { health, ...overview });
  else deps.stdout.write(formatOverview(overview, { ...format, width: deps.stdout.columns ?? WIDTH }));
  return health.level === 'critical' ? 1 : 0;
}
