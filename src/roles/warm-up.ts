import type { AlertInput } from '../alert/alert.ts';
import { AlertError } from '../alert/parse/parse-alert.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { explainRoute } from '../pipeline/routing/explain-route.ts';
import type { Redis } from '../redis/connect.ts';
import { loadBatches } from '../redis/script-batch.ts';

/** So often the compiler of the engine has seen most of the code as it will be used. */
const ROUNDS = 150;

/** A number that is never assigned, https://en.wikipedia.org/wiki/555_(telephone_number). */
const FICTIONAL = '+1202555';

/**
 * Takes an alert through parsing, routing and shaping, without any effect, and sends the scripts to Redis, before the process is
 * ready: else the first alerts wait for it, and those behind them in the queue too.
 */
export async function warmUp(config: Config, clock: Clock, commands: Redis): Promise<void> {
  const now = clock.now();
  for (let round = 0; round < ROUNDS; round++) {
    const to = `${FICTIONAL}${String(round).padStart(4, '0')}`;
    for (const severity of ['critical', 'warning'] as const) tryRoute({ to, severity, text: `Database unreachable ${round}` }, config, now);
  }
  await loadBatches(commands);
}

/** A config may reject this alert. */
function tryRoute(alert: AlertInput, config: Config, now: Date): void {
  try {
    explainRoute(alert, config, now);
  } catch (error) {
    if (!(error instanceof AlertError)) throw error;
  }
}
