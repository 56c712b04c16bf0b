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
import type { CliDeps, OpenOverview, OpenTraces } from './cli-deps.ts';
import { CliFailure } from './cli-failure.ts';

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withProducer<T>(deps: CliDeps, config: Config, use: (producer: Producer) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openProducer(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withTraces<T>(deps: CliDeps, config: Config, use: (traces: OpenTraces) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openTraces(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withEpisodes<T>(deps: CliDeps, config: Config, use: (episodes: Episodes) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openEpisodes(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withDeadLetters<T>(deps: CliDeps, config: Config, use: (letters: DeadLetters) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openDeadLetters(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withUnknownResolver<T>(deps: CliDeps, config: Config, use: (resolver: UnknownResolver) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openUnknownResolver(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withInboundLog<T>(deps: CliDeps, config: Config, use: (log: Pick<InboundLog, 'newest'>) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openInboundLog(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withOptOuts<T>(deps: CliDeps, config: Config, use: (optOuts: OptOuts) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openOptOuts(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
export function withBudgets<T>(deps: CliDeps, config: Config, use: (budgets: Pick<Budgets, 'read'>) => Promise<T>): Promise<T> {
  return withRedis(deps, config, () => deps.openBudgets(config), use);
}

/** @throws {CliFailure} saying which Redis does not answer and what to do. */
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
      // What was done is done: a connection that does not close must not turn it into a failure that is tried again.
      await opened.close().catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof NoDatabaseError) throw new CliFailure(error.problem, error.remedy);
    const failure = asUnavailable(error);
    if (!(failure instanceof RedisUnavailableError)) throw error;
    // Where there is none at all, the message says where it was looked for.
    const tried = await Promise.resolve(deps.redisAddress(config)).then(
      (address) => `Tried ${address}. `,
      () => '',
    );
    const trouble = classifyTrouble(failure);
    const next = trouble
      ? `It ${trouble.problem}: ${trouble.remedy}.`
      : 'Is `npm start` (or `sms-dispatch start`) running? If Redis is somewhere else, set REDIS_URL.';
    const hint = `${tried}${next}`;
    throw new CliFailure(failure.message, hint);
  }
}
