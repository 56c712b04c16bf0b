import { setTimeout as pause } from 'node:timers/promises';
import { createProducer } from '../../../src/index.ts';
import { call } from '../../support/system.ts';
import { observedNow } from '../faults.ts';
import type { Raised } from '../history.ts';
import { phoneOf } from '../traffic.ts';

/** Alerts that keep coming, half of them over HTTP and half through the TypeScript client. */
export interface Producers {
  readonly raised: readonly Raised[];
  /** What the door answered other than 202, by status or by what the connection reported. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Errors of the client, by their first words. */
  readonly errors: ReadonlyMap<string, number>;
  /** Raises nothing new, and resolves when all that was offered has been taken. */
  finish(): Promise<void>;
  /** Raises nothing new, whatever becomes of the rest. */
  halt(): void;
}

const AGAIN_MS = 250;
const OFFERS_AT_ONCE = 16;
const GIVE_UP_MS = 150_000;
/** A door that has not answered by then is asked again. */
const PATIENCE_MS = 10_000;

/** As a producer should be: what was not surely taken is offered again under the same id. */
export function startProducers(door: () => string, redisUrl: string, perSecond: number): Producers {
  const raised: Raised[] = [];
  const refusals = new Map<string, number>();
  const errors = new Map<string, number>();
  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
  const client = createProducer({ redis: redisUrl });

  const overHttp = async (alert: object): Promise<boolean> => {
    const answer = await Promise.race([
      call(`${door()}/v1/alerts`, { body: [alert] }).then(
        ({ status }) => String(status),
        (error: Error) => String((error.cause as { code?: unknown } | undefined)?.code ?? error.message),
      ),
      pause(PATIENCE_MS, 'no answer', { ref: false }),
    ]);
    if (answer !== '202') count(refusals, answer);
    return answer === '202';
  };
  const byClient = async (alert: object): Promise<boolean> => {
    try {
      await client.enqueue(alert as never);
      return true;
    } catch (error) {
      const { name, message } = error as Error;
      count(errors, name === 'RedisUnavailableError' ? name : `${name}: ${message.slice(0, 60)}`);
      return false;
    }
  };
  const offer = async (index: number): Promise<void> => {
    const critical = index % 4 < 2;
    const id = `chaos-${index}`;
    const phones = [phoneOf(index)];
    const alert = { id, to: phones, severity: critical ? 'critical' : 'warning', text: `number ${index}` };
    const offeredAtMs = observedNow();
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (!(await (index % 2 === 0 ? overHttp(alert) : byClient(alert)))) {
      if (performance.now() > giveUpAt) throw new Error(`${id} was not taken within ${GIVE_UP_MS / 1000} s`);
      await pause(AGAIN_MS);
    }
    raised.push({ alertId: id, phones, onUnknown: critical ? 'resend' : 'hold', offeredAtMs, takenAtMs: observedNow() });
  };

  const open = new Set<Promise<void>>();
  let failure: unknown;
  let next = 0;
  const started = performance.now();
  const timer = setInterval(() => {
    // While nothing is taken they wait in line, and do not storm the door.
    for (const due = Math.floor(((performance.now() - started) / 1000) * perSecond); next < due && open.size < OFFERS_AT_ONCE; next++) {
      const offered: Promise<void> = offer(next)
        .catch((error: unknown) => {
          failure = error;
        })
        .finally(() => open.delete(offered));
      open.add(offered);
    }
  }, 20);
  return {
    raised,
    refusals,
    errors,
    halt: () => clearInterval(timer),
    async finish() {
      clearInterval(timer);
      await Promise.all(open);
      await client.close();
      if (failure !== undefined) throw failure;
    },
  };
}
