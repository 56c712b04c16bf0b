import type { Config } from '../../src/config/config.ts';
import type { Money } from '../../src/limit/budget/money.ts';
import type { DigestJobs } from '../../src/pipeline/digest/gather.ts';
import type { Message } from '../../src/pipeline/message.ts';
import type { Outcome } from '../../src/pipeline/outcome.ts';
import type { Redis } from '../../src/redis/connect.ts';
import { createHarness, HOUR_MS } from './dispatcher-harness.ts';

type CrashStep = 'write' | 'open' | 'send';

export type DigestHarness = ReturnType<typeof createDigestHarness>;

/** A harness that keeps the jobs of digests: it gathers what it holds back; the jobs of its digests wait for the test to run them. */
export function createDigestHarness(redis: Redis, prefix: string, max: number | Config['caps'], money?: Money) {
  const caps: Config['caps'] =
    typeof max === 'number' ? { weight: 'messages', perRecipient: [{ max, perMs: HOUR_MS }], perHour: undefined } : max;
  const waiting = new Map<string, { message: Message; until: number }>();
  const woken: string[] = [];
  const jobs: DigestJobs = {
    async add(message, until) {
      await mayCrash('open');
      if (!waiting.has(message.id)) waiting.set(message.id, { message, until: until.getTime() });
    },
    promote: async (id) => void woken.push(id),
  };
  let beforeClose: () => Promise<void> = async () => undefined;
  let crash: { readonly step: CrashStep | undefined; readonly happens: () => Promise<never> } | undefined;
  const mayCrash = async (step: CrashStep): Promise<void> => {
    if (crash?.step === step) await crash.happens();
  };
  const harness = createHarness(redis, prefix, {
    caps,
    jobs,
    ...(money === undefined ? {} : { money }),
    wrap: ({ ledger, digests }) => ({
      ledger: {
        ...ledger,
        openAttempt: async (request) => {
          await mayCrash('send');
          return ledger.openAttempt(request);
        },
      },
      digests: {
        ...digests,
        close: async (...args) => {
          await beforeClose();
          return digests.close(...args);
        },
        write: async (...args) => {
          await mayCrash('write');
          return digests.write(...args);
        },
      },
    }),
  });
  const dispatch = (message: Message, rerun: boolean) => harness.run(message, { rerun });

  return {
    ...harness,
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
    run: (message: Message, rerun = false): Promise<Outcome> => dispatch(message, rerun),
    /** The first run of a message that the router has just written down. */
    async send(over: Partial<Message> = {}): Promise<{ message: Message; outcome: Outcome }> {
      const message = await harness.admit(harness.message({ severity: 'error', overflow: 'digest', ...over }));
      return { message, outcome: await dispatch(message, false) };
    },
    /** Runs the newest digest's job now. */
    async runDigest(): Promise<{ message: Message; outcome: Outcome }> {
      const { message } = [...waiting.values()].at(-1) as { message: Message };
      return { message, outcome: await dispatch(message, true) };
    },
  };
}
