import type { Config } from '../../src/config/config.ts';
import { createDigests, type Digests } from '../../src/ledger/digest/digests.ts';
import { createOptOuts } from '../../src/ledger/opt-out/opt-outs.ts';
import type { Money } from '../../src/limit/budget/money.ts';
import { createPurse } from '../../src/limit/budget/purse.ts';
import { createKeptSlot } from '../../src/limit/caps/kept-slot.ts';
import { createDigestDispatch } from '../../src/pipeline/digest/digest-dispatch.ts';
import { createDigestMoneyStage } from '../../src/pipeline/digest/digest-money-stage.ts';
import { createRoomOf } from '../../src/pipeline/digest/digest-room.ts';
import { createDigestCloseStage, createDigestReadyStage } from '../../src/pipeline/digest/digest-stages.ts';
import { createGatherer, type DigestJobs } from '../../src/pipeline/digest/gather.ts';
import { createHoldBack } from '../../src/pipeline/gates/hold-back.ts';
import { rulesOf } from '../../src/pipeline/gates/message-caps.ts';
import { createQuietHoursStage } from '../../src/pipeline/gates/quiet-hours-gate.ts';
import { createRateCapGate } from '../../src/pipeline/gates/rate-cap-gate.ts';
import { laneOf, type Message } from '../../src/pipeline/message.ts';
import { createMessageDispatcher } from '../../src/pipeline/sending/dispatcher.ts';
import { createLedgerGate, messageExpiryGate } from '../../src/pipeline/sending/message-stages.ts';
import { createReconcile } from '../../src/pipeline/sending/reconcile.ts';
import { createDispatchStage } from '../../src/pipeline/sending/send-stage.ts';
import type { Outcome } from '../../src/pipeline/stage.ts';
import type { Redis } from '../../src/redis/connect.ts';
import { createDesk, HOUR_MS } from './dispatch-desk.ts';

type CrashStep = 'write' | 'open' | 'send';

export type DigestDesk = ReturnType<typeof createDigestDesk>;

/** A desk whose dispatcher gathers what it holds back; the jobs of its digests wait for the test to run them. */
export function createDigestDesk(redis: Redis, prefix: string, max: number | Config['caps'], money?: Money) {
  const caps: Config['caps'] =
    typeof max === 'number' ? { weight: 'messages', perRecipient: [{ max, perMs: HOUR_MS }], perHour: undefined } : max;
  const desk = createDesk(redis, prefix, { caps, ...(money === undefined ? {} : { money }) });
  const { ledger, cap, clock, carriers, keys, observer } = desk;
  const purse = money && createPurse(money, desk.budgets, () => undefined);
  const waiting = new Map<string, { message: Message; until: number }>();
  const woken: string[] = [];
  const jobs: DigestJobs = {
    async add(message, until) {
      await mayCrash('open');
      if (!waiting.has(message.id)) waiting.set(message.id, { message, until: until.getTime() });
    },
    wake: async (id) => void woken.push(id),
  };
  const books = createDigests(redis, keys);
  let beforeClose: () => Promise<void> = async () => undefined;
  let crash: { readonly step: CrashStep | undefined; readonly happens: () => Promise<never> } | undefined;
  const mayCrash = async (step: CrashStep): Promise<void> => {
    if (crash?.step === step) await crash.happens();
  };
  const digests: Digests = {
    ...books,
    close: async (...args) => {
      await beforeClose();
      return books.close(...args);
    },
    write: async (...args) => {
      await mayCrash('write');
      return books.write(...args);
    },
  };
  const kept = createKeptSlot(redis, keys);
  const capRulesOf = (message: Message, leavesSlot?: boolean) => rulesOf(message, { caps, routes: [] }, leavesSlot);
  const gatherer = createGatherer({ digests, ledger, jobs, observer, rulesOf: capRulesOf });
  const roomOf = createRoomOf({ providers: new Map(), caps }, carriers);
  const deps = { digests, ledger, kept, open: gatherer.open, rulesOf: capRulesOf, roomOf, timeZoneOf: () => undefined };
  const holdBack = createHoldBack({ gather: gatherer.gather });
  const persist = <T>(write: () => Promise<T>) => write();
  const reconcile = createReconcile({ carriers, onBug: () => undefined, pause: async () => undefined });
  const ledgerGate = createLedgerGate({ ledger, observer, carriers, reconcile, persist });
  const gates = [
    messageExpiryGate,
    createQuietHoursStage(holdBack),
    createRateCapGate(cap, { holdBack, kept, digestWaits: (message) => digests.isWaiting(laneOf(message)) }),
  ];
  const dispatchStage = createDispatchStage({
    ...{ ledger, cap, purse, optOuts: createOptOuts(redis, keys), observer, carriers, reconcile, persist },
    stopping: new AbortController().signal,
    random: () => 0.5,
    holdBack,
    onBug: () => undefined,
  });
  const send: typeof dispatchStage = {
    ...dispatchStage,
    async exec(subject, ctx) {
      await mayCrash('send');
      return dispatchStage.exec(subject, ctx);
    },
  };
  const common = { ledger, cap, purse, config: { caps, routes: [] }, observer, clock, persist, onHandedOver: async () => undefined };
  const dispatch = createDigestDispatch({
    dispatch: createMessageDispatcher({ ...common, stages: [ledgerGate, ...gates, send] }),
    dispatchDigest: createMessageDispatcher({
      ...common,
      stages: [
        ledgerGate,
        createDigestReadyStage(deps),
        ...gates,
        createDigestMoneyStage({ carriers, purse }),
        createDigestCloseStage(deps),
        send,
      ],
    }),
    ...deps,
  });

  return {
    ...desk,
    digests,
    gather: gatherer.gather,
    waiting,
    woken,
    /** From now on the worker crashes before it writes the text of a digest, opens a digest, or sends; `undefined`: no more. */
    crashAt(step: CrashStep | undefined, happens: () => Promise<never>): void {
      crash = { step, happens };
    },
    /** What happens right before a digest is closed. */
    beforeClose(happens: typeof beforeClose): void {
      beforeClose = happens;
    },
    run: (message: Message, rerun = false): Promise<Outcome> => dispatch(message, rerun, new AbortController().signal),
    /** The first run of a message that the router has just written down. */
    async send(over: Partial<Message> = {}): Promise<{ message: Message; outcome: Outcome }> {
      const message = await desk.admit(desk.message({ severity: 'error', overflow: 'digest', ...over }));
      return { message, outcome: await dispatch(message, false, new AbortController().signal) };
    },
    /** Runs the newest digest's job now. */
    async runDigest(): Promise<{ message: Message; outcome: Outcome }> {
      const { message } = [...waiting.values()].at(-1) as { message: Message };
      return { message, outcome: await dispatch(message, true, new AbortController().signal) };
    },
  };
}
