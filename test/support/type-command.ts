import { Redis } from 'ioredis';
import type { CliDeps } from '../../src/cli/cli-deps.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { LoadedConfig } from '../../src/config/load-config.ts';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import { createInboundLog } from '../../src/ledger/inbound/kept-inbound.ts';
import { createJournal, recentIds } from '../../src/ledger/journal/journal.ts';
import { createOptOuts } from '../../src/ledger/opt-out/opt-outs.ts';
import { directoryOf } from '../../src/pipeline/routing/directory.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { openUnknownResolver } from '../../src/queue/lookups/open-unknown-resolver.ts';
import { createEpisodes } from '../../src/queue/producer/episodes.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { createKeys } from '../../src/redis/keys.ts';

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TypingOptions {
  readonly redisUrl: string;
  readonly loaded: LoadedConfig;
  /** Redis' time as the commands see it. */
  readonly clock?: Clock;
}

/** A person at a terminal of 100 columns, in this process: without the time that one of its own takes to start. */
export function createTyping({ redisUrl, loaded, clock = systemClock }: TypingOptions) {
  const { config } = loaded;
  const { prefix } = config.redis;
  const keys = createKeys(prefix);
  const refuse = () => Promise.reject(new Error('not needed here'));
  return async (...argv: string[]): Promise<Typed> => {
    const out = { stdout: '', stderr: '' };
    const connect = () => {
      const redis = new Redis(redisUrl);
      return { redis, close: async () => redis.disconnect() };
    };
    const deps: CliDeps = {
      loadConfig: async () => loaded,
      readableConfig: () => ({ config, redisIsKnown: true }),
      openEpisodes: async () => createEpisodes({ redis: redisUrl, prefix }),
      openHistories: async () => {
        const { redis, close } = connect();
        return {
          ...createHistories(redis, keys),
          waiting: async () => undefined,
          recentIds: () => recentIds(createJournal(redis, keys), 500),
          close,
        };
      },
      openProducer: async () => createProducer({ redis: redisUrl, prefix, directory: directoryOf(config, clock) }),
      openDeadLetters: async () => createDeadLetters({ redis: redisUrl, prefix, clock }),
      openUnknownResolver: async () => openUnknownResolver({ redis: redisUrl, prefix, clock }),
      openInboundLog: async () => {
        const { redis, close } = connect();
        return { ...createInboundLog(redis, keys), close };
      },
      openOptOuts: async () => {
        const { redis, close } = connect();
        return { ...createOptOuts(redis, keys), close };
      },
      openBudgets: refuse,
      openOverview: refuse,
      inspectRedis: refuse,
      askProcess: refuse,
      openProvider: refuse,
      redisAddress: () => 'here',
      runProcess: refuse,
      stdout: { write: (text) => (out.stdout += text), columns: 100, isTTY: true },
      stderr: { write: (text) => (out.stderr += text) },
      now: () => new Date(),
      version: '0',
      env: {},
      nodeVersion: process.versions.node,
    };
    return { code: await runCli(argv, deps), ...out };
  };
}
