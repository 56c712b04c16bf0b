import type { Config } from '../config/config.ts';
import type { InboundLog } from '../ledger/inbound/kept-inbound.ts';
import type { OptOuts } from '../ledger/opt-out/opt-outs.ts';
import type { Budgets } from '../limit/budget/budget.ts';
import type { UnknownResolver } from '../pipeline/unknown/unknown-resolver.ts';
import type { DeadLetters } from '../queue/dead-letters/dead-letters-port.ts';
import type { Episodes, Producer } from '../queue/producer/producer-port.ts';
import { NoDatabaseError } from '../redis/fitness/check.ts';
import { classifyTrouble } from '../redis/fitness/trouble.ts';
import { asUnavailable, RedisUnavailableError } from '../redis/unavailable.ts';
import type { CliDeps, OpenHistories, OpenOverview } from './cli-deps.ts';
import { CliFailure } from './cli-failure.ts';

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withProducer<T>(deps: CliDeps, config: Config, use: (producer: Producer) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openProducer(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withHistories<T>(deps: CliDeps, config: Config, use: (histories: OpenHistories) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openHistories(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withEpisodes<T>(deps: CliDeps, config: Config, use: (episodes: Episodes) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openEpisodes(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withDeadLetters<T>(deps: CliDeps, config: Config, use: (letters: DeadLetters) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openDeadLetters(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withUnknownResolver<T>(deps: CliDeps, config: Config, use: (resolver: UnknownResolver) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openUnknownResolver(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withInboundLog<T>(deps: CliDeps, config: Config, use: (log: Pick<InboundLog, 'newest'>) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openInboundLog(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withOptOuts<T>(deps: CliDeps, config: Config, use: (optOuts: OptOuts) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openOptOuts(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withBudgets<T>(deps: CliDeps, config: Config, use: (budgets: Pick<Budgets, 'read'>) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openBudgets(config), use);
}

/** @throws {CliFailure} naming the unreachable Redis and the remedy */
export function withOverview<T>(deps: CliDeps, config: Config, use: (overview: OpenOverview) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openOverview(config), use);
}

async function withRedis<Opened extends { close(): Promise<void> }, T>(
  deps: CliDeps,
  config: Config,
  open: () => Promise<Opened>,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  try {
    const opened = await open();
    try {
      return await use(opened);
    } finally {
      // The work is done: a connection that fails to close must not turn it into a failure, which the user would repeat.
      await opened.close().catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof NoDatabaseError) throw new CliFailure(error.problem, error.hint);
    const failure = asUnavailable(error);
    if (!(failure instanceof RedisUnavailableError)) throw error;
    // Without any Redis, the message itself names the places that were tried.
    const tried = await Promise.resolve(deps.redisAddress(config)).then(
      (address) => `Tried ${address}. `,
      () => '',
    );
    const trouble = classifyTrouble(failure);
    const next = trouble
      ? `It ${trouble.problem}: ${trouble.hint}.`
      : 'Is `npm start` (or `sms-dispatch start`) running? If Redis is somewhere else, set REDIS_URL.';
    const hint = `${tried}${next}`;
    throw new CliFailure(failure.message, hint);
  }
}
