import { randomUUID } from 'node:crypto';
import type { Config } from '../../src/config/config.ts';
import { createDigests, type Digests } from '../../src/ledger/digest/digests.ts';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createParked } from '../../src/ledger/lists/parked.ts';
import { createOptOuts } from '../../src/ledger/opt-out/opt-outs.ts';
import type { RoutedAlert } from '../../src/ledger/records.ts';
import { createLedger } from '../../src/ledger/redis-ledger.ts';
import { createBudgets } from '../../src/limit/budget/budget.ts';
import type { Money } from '../../src/limit/budget/money.ts';
import { createSpendGuard } from '../../src/limit/budget/spend-guard.ts';
import { createRateCap } from '../../src/limit/caps/bottleneck-cap.ts';
import { createCachedRateCap } from '../../src/limit/caps/cached-rate-cap.ts';
import { createReservedSlot } from '../../src/limit/caps/reserved-slot.ts';
import type { DigestJobs } from '../../src/pipeline/digest/gather.ts';
import { rulesOf } from '../../src/pipeline/gates/message-caps.ts';
import type { Message } from '../../src/pipeline/message.ts';
import type { Observer } from '../../src/pipeline/observer.ts';
import type { Outcome } from '../../src/pipeline/outcome.ts';
import { type PlannedMessage, planMessage } from '../../src/pipeline/routing/plan-message.ts';
import type { DispatcherDeps } from '../../src/pipeline/sending/dispatcher.ts';
import { createMessagePipeline } from '../../src/pipeline/sending/message-pipeline.ts';
import { createPlaces, createReturnSchedule, type Places } from '../../src/pipeline/sending/places.ts';
import { createReconcile } from '../../src/pipeline/sending/reconcile.ts';
import type { SendTarget } from '../../src/pipeline/sending/send-target.ts';
import type { Accepted, VendorReport } from '../../src/provider/contract/provider.ts';
import type { ProviderConfig } from '../../src/provider/registry.ts';
import type { Redis } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { routedAlert } from '../support/fixtures/ledger.ts';
import { messageOf } from '../support/fixtures/message.ts';
import { createRecordingObserver } from '../support/recording-observer.ts';
import { createScriptedProvider, type Line, type ScriptedProvider } from '../support/scripted-provider.ts';
import { createSettableClock } from '../support/settable-clock.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const NO_JOBS: DigestJobs = { add: async () => undefined, promote: async () => undefined };
/** How long a slot counts beyond its window until it is settled. */
export const SLOT_LEASE_MS = 70_000;

export interface HarnessOptions {
  readonly caps?: Config['caps'];
  readonly routes?: Config['routes'];
  /** Absent: texts have no price. */
  readonly money?: Money;
  /** In place of the recording one. */
  readonly observer?: Observer;
  /** Where the jobs of digests go; left out: nowhere. */
  readonly jobs?: DigestJobs;
  /** Left out: as many as by default. */
  readonly places?: Places;
  /** In place of parts of the real ones, such as one that crashes. */
  readonly wrap?: (parts: { ledger: Ledger; digests: Digests }) => { ledger: Ledger; digests: Digests };
}

export interface RunOptions {
  /** The job has been taken before. */
  readonly rerun?: boolean;
  readonly signal?: AbortSignal;
  readonly retryUntilStored?: DispatcherDeps['retryUntilStored'];
}

export type DispatcherHarness = ReturnType<typeof createHarness>;

/**
 * The pipeline of the process, on a real ledger and real caps under keys of its own. The test
 * holds its clock, says what its providers answer, and hears what its observer is told.
 */
export function createHarness(
  redis: Redis,
  prefix: string,
  {
    caps = { weight: 'messages', perRecipient: [], perHour: undefined },
    routes = [],
    money,
    observer,
    jobs = NO_JOBS,
    places = createPlaces(50),
    wrap = (parts) => parts,
  }: HarnessOptions = {},
) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  // Leases run on Redis' own clock, which the test cannot hold; it begins where that one is.
  const clock = createSettableClock(Date.now());
  const { ledger, digests } = wrap({ ledger: createLedger(redis, keys), digests: createDigests(redis, keys) });
  const reservedSlot = createReservedSlot(redis, keys);
  const histories = createHistories(redis, keys);
  const optOuts = createOptOuts(redis, keys);
  const realCap = createRateCap({ redis, keys, leaseMs: SLOT_LEASE_MS, now: () => clock.at });
  const cap = createCachedRateCap(realCap, { now: () => clock.at });
  const budgets = createBudgets({ redis, keys, budgets: money?.budgets ?? {}, now: () => clock.at });
  const foreignPrices: { provider: string; currency: string }[] = [];
  const spendGuard = money && createSpendGuard(money, budgets, (provider, currency) => void foreignPrices.push({ provider, currency }));
  const recording = createRecordingObserver();
  const observing = observer ?? recording.observer;
  const targets = new Map<string, SendTarget>();
  const config = { caps, routes, contacts: new Map(), countries: undefined, providers: new Map<string, ProviderConfig>() };
  const stopping = new AbortController();
  const bugs: { error: unknown; provider: string }[] = [];
  const handedOver: { id: string; provider: string; accepted: Accepted | undefined; said?: VendorReport }[] = [];
  const pauses: number[] = [];
  const onBug = (error: unknown, provider: string) => void bugs.push({ error, provider });
  /** At once, a few times. */
  const retryNow: DispatcherDeps['retryUntilStored'] = async (write) => write().catch(write).catch(write);
  const reconcile = createReconcile({ targets, onBug, pause: async (ms) => void pauses.push(ms) });

  const parked = createParked(redis, keys);
  const returns = createReturnSchedule();
  const admit = async (message: Message): Promise<Message> => {
    await ledger.admit(alertOf(planMessage(message, undefined, undefined, clock.now())), randomUUID());
    return message;
  };

  const pipelineWith = (retryUntilStored: DispatcherDeps['retryUntilStored']) =>
    createMessagePipeline({
      config,
      ledger,
      parked,
      cap,
      spendGuard,
      optOuts,
      digests,
      reservedSlot,
      jobs,
      targets,
      reconcile,
      returns,
      places,
      clock,
      retryUntilStored,
      onBug,
      observer: observing,
      stopping: stopping.signal,
      random: () => 0.5,
      onHandedOver: async ({ id }, provider, accepted, said) =>
        void handedOver.push({ id, provider, accepted, ...(said === undefined ? {} : { said }) }),
    });

  /** One run of the message's job. */
  const run = (message: Message, { rerun = false, signal = new AbortController().signal, retryUntilStored = retryNow }: RunOptions = {}) =>
    pipelineWith(retryUntilStored).dispatch(message, rerun, signal);

  const harness = {
    ...recording,
    keys,
    clock,
    ledger,
    parked,
    digests,
    reservedSlot,
    cap,
    optOuts,
    gather: pipelineWith(retryNow).gather,
    dispatch: pipelineWith(retryNow).dispatch,
    histories,
    /** Its clock is the test's. */
    budgets,
    foreignPrices,
    bugs,
    targets,
    handedOver,
    /** Between questions to a vendor, ms. */
    pauses,
    stopping,
    admit,
    run,

    /** Adds a provider, the last in failover order so far. */
    provider(
      name: string,
      lines: readonly Line[],
      over: Partial<Pick<SendTarget, 'countries' | 'timeoutMs' | 'pace' | 'paced' | 'pollAfterMs'>> = {},
    ): ScriptedProvider {
      const provider = createScriptedProvider(name, lines);
      config.providers.set(name, { type: 'http' } as ProviderConfig);
      targets.set(name, { provider, timeoutMs: 15_000, pace: (_signal, job) => job(), ...over });
      return provider;
    },

    /** One of its own alert; all go to one phone. */
    message(over: Partial<Message> = {}): Message {
      const id = randomUUID();
      const own = { id: `m-${id}`, alertId: `a-${id}`, receivedAt: clock.at, dedupHash: id, providers: [...targets.keys()] };
      return messageOf({ ...own, expiresAt: clock.at + HOUR_MS, ...over });
    },

    /** The first run of a message that the router has just written down. */
    async send(over: Partial<Message> = {}, options: RunOptions = {}): Promise<{ message: Message; outcome: Outcome }> {
      const message = await admit(harness.message(over));
      return { message, outcome: await run(message, options) };
    },

    async trace({ id }: Message): Promise<MessageHistory> {
      const trace = await histories.message(id);
      if (trace === undefined) throw new Error(`no trace of ${id}`);
      return trace;
    },

    /** Ends the lease of the open attempt, as if its holder had been gone for long. */
    endLease: ({ id }: Message) => redis.hset(keys.message(id), 'lease', 0),

    /** Whether one more text would fit into the caps now; takes no slot. */
    async hasRoom(): Promise<boolean> {
      const probe = harness.message();
      const rules = rulesOf(probe, { caps, routes });
      const { kind } = await realCap.reserve(probe.id, rules);
      await realCap.release(probe.id, rules);
      return kind === 'held';
    },
  };
  return harness;
}

/** The alert of a planned message, which has no other. */
export function alertOf({ message, record }: PlannedMessage): RoutedAlert {
  const { alertId: id, severity, purpose, dedupHash, receivedAt } = message;
  return routedAlert(id, { dedupKey: 'disk', severity, purpose, dedupHash, receivedAt, dedupeForMs: 0, messages: [record] });
}

/** Something to wait for that the test brings about. */
export function createSignpost(): { readonly reached: Promise<void>; reach(): void } {
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { reached, reach };
}
