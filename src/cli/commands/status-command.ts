import type { Command } from 'commander';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { CliDeps } from '../cli-deps.ts';
import { type CommandContext, printJson, runs, type StoreOptions, storeOptions } from '../command-context.ts';
import { formatOverview } from '../format/format-overview.ts';
import { storeConfig } from '../store-config.ts';
import { watchOverview } from '../terminal/watch-overview.ts';
import { withOverview } from '../with-redis.ts';

const EXAMPLES = `Examples:
  sms-dispatch status                                 live on a terminal; q ends it
  sms-dispatch status --once                          print once; exit 1 when messages are not sent
  sms-dispatch status --json | jq .health
`;

const EXIT_CODES = `
Exit code with --once, --json, or without a terminal: 1 when a finding is critical, that is when messages of a route are
not sent or may be lost; 0 otherwise, also with warnings, such as a provider that is down while another one of its route
works. A live view exits 0. Each finding in --json has level, kind, text and command; and route, provider and reason where
they apply.
`;

interface StatusOptions extends StoreOptions {
  readonly once?: true;
}

/** Width of a line where that of the output is unknown. */
const WIDTH = 120;

export function addStatusCommand(program: Command, context: CommandContext): void {
  const command = storeOptions(
    program
      .command('status')
      .description('show the state of the whole system on one screen')
      .option('--once', 'print once, also on a terminal'),
  )
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', EXIT_CODES);
  runs<StatusOptions>(command, context, (_args, options) => showStatus(context.deps, options));
}

async function showStatus(deps: CliDeps, options: StatusOptions): Promise<number> {
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
