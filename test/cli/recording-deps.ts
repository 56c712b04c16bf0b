import type { AskableProvider, CliDeps, ProcessAnswer } from '../../src/cli/cli-deps.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Screen } from '../../src/cli/terminal/terminal-screen.ts';
import type { Config } from '../../src/config/config.ts';
import type { Fault } from '../../src/config/fault.ts';
import type { WaitingJob } from '../../src/explain/waiting-job.ts';
import type { AlertHistory, CapFilling, MessageHistory } from '../../src/ledger/history/history.ts';
import type { KeptInbound } from '../../src/ledger/inbound/kept-inbound.ts';
import type { OptOut } from '../../src/ledger/opt-out/opt-outs.ts';
import type { BudgetFigures } from '../../src/limit/budget/budget.ts';
import type { Money } from '../../src/limit/budget/money.ts';
import type { Overview } from '../../src/overview/overview.ts';
import type { Settled } from '../../src/pipeline/unknown/unknown-resolver.ts';
import type { Acknowledgement, EnqueueResult } from '../../src/queue/producer/producer-port.ts';
import type { RedisInspection } from '../../src/redis/fitness/inspect.ts';
import type { Environment } from '../../src/setting/environment.ts';
import { Secret } from '../../src/setting/secret.ts';
import { NOW } from '../support/fixtures/history.ts';
import { type DeadWorld, deadLettersOf } from './dead-world.ts';
import { overviewOf } from './overviews.ts';

export const SECRET = 'token-that-must-never-show';
export const CONTACT_PHONE = '+60123456789';

export const config = {
  providers: new Map([
    ['twilio-main', { type: 'twilio', timeoutMs: 15_000, maxPerSecond: 10, countries: ['60', '65'], authToken: new Secret(SECRET) }],
    ['desk', { type: 'simulated', timeoutMs: 90_000 }],
  ]),
  routes: [
    {
      name: 'login-codes',
      match: { purpose: 'verification', labels: { team: /^pay/ } },
      minSeverity: 'info',
      expiresAfterMs: 300_000,
      providers: ['twilio-main', 'desk'],
      overflow: 'defer',
    },
    { name: 'default', match: { source: ['a', 'b'] }, expiresAfterMs: 3_600_000, providers: ['twilio-main'], overflow: 'defer' },
  ],
  caps: { weight: 'messages', perRecipient: [{ max: 5, perMs: 3_600_000 }], perHour: { max: 100, criticalReserve: 20 } },
  contacts: new Map([
    ['alice', { phone: CONTACT_PHONE, consent: true }],
    ['bob', { phone: '+60198765432', consent: false }],
  ]),
  groups: new Map([['oncall', ['alice']]]),
  rotations: new Map(),
  templates: new Map([['login-code', { text: 'Your code is {code}' }]]),
  events: new Map(),
  http: { port: 8080, host: '127.0.0.1', publicUrl: undefined, tokens: [], console: false, webhookTo: [] },
  redis: { url: new Secret(`redis://:${SECRET}@10.0.0.5:6379`), prefix: '{sms}' },
} as unknown as Config;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was called, in order. */
  readonly calls: readonly (readonly [name: string, ...args: unknown[]])[];
}

export interface World {
  readonly enqueue?: () => { id: string; duplicate: boolean };
  readonly enqueueMany?: (alerts: readonly unknown[]) => Promise<EnqueueResult[]>;
  /** Ctrl-C. */
  readonly interrupted?: AbortSignal;
  readonly resolve?: () => void;
  readonly acknowledgement?: Acknowledgement;
  readonly closeProducer?: () => void;
  readonly warnings?: readonly Fault[];
  readonly loadConfig?: () => never;
  /** Of a config with faults; default: true. */
  readonly redisIsKnown?: boolean;
  /** Whether a dedup key has something open; default: true. */
  readonly isOpen?: boolean;
  readonly recentKeys?: readonly string[];
  readonly openHistories?: () => never;
  /** The alert as each reading after the other finds it; the last one stays. */
  readonly alerts?: readonly (AlertHistory | undefined)[];
  readonly message?: MessageHistory;
  readonly capFilling?: CapFilling;
  readonly exitCode?: number;
  /** What providers answer when they are asked, by name. */
  readonly providers?: Readonly<Record<string, Partial<AskableProvider>>>;
  /** Of every provider, in place of the config's. */
  readonly timeoutMs?: number;
  readonly isTTY?: boolean;
  readonly dead?: DeadWorld;
  readonly unknown?: readonly MessageHistory[];
  readonly settled?: Settled;
  readonly inbound?: readonly KeptInbound[];
  readonly optOuts?: readonly OptOut[];
  /** A newer word stands against what is said of a phone. */
  readonly overruled?: boolean;
  readonly budgets?: readonly BudgetFigures[];
  readonly money?: Money;
  readonly recentIds?: readonly string[];
  /** What waits on a queue under the id that is asked for. */
  readonly waiting?: WaitingJob;
  /** What differs from a system that is well; called at each look. */
  readonly overview?: () => Partial<Overview>;
  readonly inspectRedis?: () => Partial<RedisInspection>;
  /** What listens at the receiver's address. */
  readonly process?: ProcessAnswer;
  readonly colour?: boolean;
  readonly screen?: Screen;
  readonly env?: Environment;
  readonly nodeVersion?: string;
  /** What the person at the terminal says; absent where nobody sits there. */
  readonly confirm?: boolean;
}

const healthyRedis: RedisInspection = {
  address: '10.0.0.5:6379',
  server: 'Redis 7.0.15',
  findings: [],
  latencyMs: 0.4,
  clockAheadMs: 0,
};

function withTimeouts(timeoutMs: number): Config {
  return { ...config, providers: new Map([...config.providers].map(([name, provider]) => [name, { ...provider, timeoutMs }])) };
}

/** Types a command and writes down what it did to the rest of the house. */
export async function type(argv: readonly string[], world: World = {}): Promise<Ran> {
  const calls: [string, ...unknown[]][] = [];
  const out = { stdout: '', stderr: '' };
  let readings = 0;
  const deps: CliDeps = {
    loadConfig: async (path) => {
      calls.push(['loadConfig', path]);
      world.loadConfig?.();
      return {
        config: { ...(world.timeoutMs === undefined ? config : withTimeouts(world.timeoutMs)), ...(world.money && { money: world.money }) },
        path: path ?? 'config/sms-dispatch.yaml',
        hash: '0123456789ab',
        warnings: world.warnings ?? [],
      };
    },
    readableConfig: () => {
      calls.push(['readable config']);
      return { config: { ...config, redis: { url: undefined, prefix: '{sms}' } }, redisIsKnown: world.redisIsKnown ?? true };
    },
    openEpisodes: async () => ({
      isOpen: async (dedupKey) => {
        calls.push(['is open', dedupKey]);
        return world.isOpen ?? true;
      },
      recentKeys: async () => [...(world.recentKeys ?? [])],
      close: async () => undefined,
    }),
    openProducer: async (used) => ({
      enqueue: async (alert) => {
        calls.push(['enqueue', JSON.parse(JSON.stringify(alert))]);
        return world.enqueue?.() ?? { id: 'a-1', duplicate: false };
      },
      enqueueMany: async (alerts) => world.enqueueMany?.(alerts) ?? [],
      resolve: async (dedupKey) => {
        calls.push(['resolve', dedupKey]);
        if (used.redis !== config.redis) calls.push(['on', used.redis.url?.reveal(), used.redis.prefix]);
        world.resolve?.();
      },
      acknowledge: async (alertId, by) => {
        calls.push(['acknowledge', alertId, by]);
        return world.acknowledgement ?? { kind: 'missing' };
      },
      waitFor: () => Promise.reject(new Error('nobody waits here')),
      close: async () => {
        calls.push(['close producer']);
        world.closeProducer?.();
      },
    }),
    openHistories: async () => {
      world.openHistories?.();
      return {
        alert: async (id) => {
          calls.push(['read alert', id]);
          const { alerts = [] } = world;
          return alerts[Math.min(readings++, alerts.length - 1)];
        },
        capFilling: async () => world.capFilling,
        message: async (id) => {
          calls.push(['read message', id]);
          return world.message;
        },
        waiting: async (id) => {
          calls.push(['look for job', id]);
          return world.waiting;
        },
        recentIds: async () => world.recentIds ?? [],
        close: async () => void calls.push(['close traces']),
      };
    },
    openUnknownResolver: async () => ({
      list: async (limit) => {
        calls.push(['list unknown']);
        return (world.unknown ?? []).slice(0, limit);
      },
      resolve: async (id, word) => {
        calls.push(['resolve unknown', id, word]);
        return world.settled ?? { kind: 'settled' };
      },
      close: async () => void calls.push(['close unknown resolver']),
    }),
    openInboundLog: async () => ({
      newest: async (limit) => ({ total: (world.inbound ?? []).length, entries: (world.inbound ?? []).slice(0, limit) }),
      close: async () => undefined,
    }),
    openOptOuts: async () => ({
      isOptedOut: async (...hashes) => (world.optOuts ?? []).some((entry) => hashes.includes(entry.phoneHash)),
      anyone: async () => (world.optOuts ?? []).length > 0,
      optOut: async (entry) => {
        calls.push(['opt out', entry]);
        return world.overruled !== true;
      },
      optIn: async (hash, at) => {
        calls.push(['opt in', hash, at]);
        return world.overruled !== true;
      },
      list: async () => [...(world.optOuts ?? [])],
      close: async () => void calls.push(['close opt-outs']),
    }),
    openBudgets: async () => ({
      read: async () => world.budgets ?? [],
      close: async () => void calls.push(['close budgets']),
    }),
    openDeadLetters: async () => deadLettersOf(world.dead ?? {}, calls),
    openOverview: async () => ({
      read: async () => {
        calls.push(['read overview']);
        return overviewOf(world.overview?.());
      },
      close: async () => void calls.push(['close overview']),
    }),
    inspectRedis: async (config) => {
      calls.push(['inspect redis', config === undefined ? 'without a config' : 'with the config']);
      return { ...healthyRedis, ...world.inspectRedis?.() };
    },
    askProcess: async (url) => {
      calls.push(['ask process', url]);
      return world.process;
    },
    openProvider: async (_config, name) => {
      calls.push(['open provider', name]);
      const { close = async () => undefined, ...asked } = world.providers?.[name] ?? {};
      return {
        name,
        ...asked,
        close: async () => {
          calls.push(['close provider', name]);
          await close();
        },
      };
    },
    redisAddress: () => '10.0.0.5:6379',
    runProcess: async (kind, options) => {
      calls.push(['runProcess', kind, options]);
      return world.exitCode ?? 0;
    },
    stdout: { write: (text) => (out.stdout += text) },
    stderr: { write: (text) => (out.stderr += text), ...(world.isTTY === undefined ? {} : { isTTY: world.isTTY }) },
    ...(world.confirm === undefined
      ? {}
      : {
          confirm: async (question) => {
            calls.push(['confirm', question]);
            return world.confirm === true;
          },
        }),
    ...(world.interrupted === undefined ? {} : { interrupted: () => world.interrupted as AbortSignal }),
    ...(world.colour === undefined ? {} : { colour: world.colour }),
    ...(world.screen === undefined ? {} : { openScreen: () => world.screen as Screen }),
    now: () => NOW,
    version: '1.2.3',
    env: world.env ?? {},
    nodeVersion: world.nodeVersion ?? '20.19.0',
  };
  const code = await runCli(argv, deps);
  return { code, ...out, calls };
}
