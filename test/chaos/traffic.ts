import { setTimeout as pause } from 'node:timers/promises';
import type { Severity } from '../../src/alert/severity.ts';
import { call } from '../support/system.ts';
import { observedNow } from './faults.ts';
import type { Raised } from './history.ts';

export interface Kind {
  readonly severity: Severity;
  /** What the route of such texts does where nobody knows. */
  readonly onUnknown: 'resend' | 'hold';
  readonly labels?: Readonly<Record<string, string>>;
}

/** Who an alert goes to: a phone, or several. */
export type PhoneOf = (index: number) => string | string[];

export interface Traffic {
  /** Every alert that was taken. */
  readonly raised: readonly Raised[];
  /** Times that the door said "not now". */
  readonly refusals: number;
  /** Alerts that the door knew already. */
  readonly duplicates: number;
  /** Resolves when the door has taken all of them, however often it must be asked. */
  raise(count: number, kindOf: (index: number) => Kind, phoneOf?: PhoneOf): Promise<Raised[]>;
  /** Hands alerts over by another way than the door. */
  raiseBy(count: number, kindOf: (index: number) => Kind, hand: (alerts: readonly object[]) => Promise<void>): Promise<Raised[]>;
  /** Offers each alert so many times at the same moment. */
  raiseCopies(count: number, copies: number, kindOf: (index: number) => Kind): Promise<Raised[]>;
  /** Raises one after the other, so many a second, until the function that it gives is called; that waits for the last. */
  flow(perSecond: number, kindOf: (index: number) => Kind, phoneOf?: PhoneOf): () => Promise<void>;
  /** Offers nothing more, also where somebody forgot to end a flow. */
  halt(): void;
}

const BATCH = 100;
const OFFERS_AT_ONCE = 8;
const AGAIN_MS = 200;
/** A door that does not answer by then does not know whether it took it. */
const PATIENCE_MS = 8_000;
const GIVE_UP_MS = 180_000;

export function phoneOf(index: number): string {
  return `+6011${String(10_000_009 + index * 10)}`;
}

/** Critical and warning in turn: the routes of chaos resend the first, and hold the second. */
export const alternating = (index: number): Kind =>
  index % 2 === 0 ? { severity: 'critical', onUnknown: 'resend' } : { severity: 'warning', onUnknown: 'hold' };

/** The alert whose words a text has. */
export function alertIdIn(text: string): string | undefined {
  const number = /\bnumber (\d+)\b/.exec(text)?.[1];
  return number === undefined ? undefined : `chaos-${number}`;
}

/** A producer as it should be: what the door did not surely take is offered again under the same id. */
export function createTraffic(door: () => string): Traffic {
  const raised: Raised[] = [];
  let next = 0;
  let refusals = 0;
  let duplicates = 0;
  const halted = new AbortController();

  const offer = async (alerts: readonly object[]): Promise<void> => {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    for (;;) {
      halted.signal.throwIfAborted();
      const answer = await Promise.race([
        call<{ accepted?: { duplicate: boolean }[] }>(`${door()}/v1/alerts`, { body: alerts }).catch(() => undefined),
        pause(PATIENCE_MS, undefined, { ref: false }),
      ]);
      if (answer?.status === 202) {
        duplicates += answer.body.accepted?.filter(({ duplicate }) => duplicate).length ?? 0;
        return;
      }
      if (answer?.status === 400) throw new Error(`the door does not like our alerts: ${JSON.stringify(answer.body)}`);
      refusals += 1;
      if (performance.now() > giveUpAt) throw new Error(`the door has taken nothing for ${GIVE_UP_MS / 1000} s`);
      await pause(AGAIN_MS);
    }
  };

  const raiseTo = async (
    count: number,
    kindOf: (index: number) => Kind,
    toOf: PhoneOf,
    hand: (alerts: readonly object[]) => Promise<unknown>,
  ) => {
    const from = next;
    next += count;
    const taken: Raised[] = [];
    for (let start = from; start < from + count; start += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, from + count - start) }, (_, nth) => {
        const index = start + nth;
        const { severity, onUnknown, labels } = kindOf(index);
        return { alertId: `chaos-${index}`, phones: [toOf(index)].flat(), onUnknown, severity, labels, text: `number ${index}` };
      });
      const alerts = batch.map(({ alertId, phones, severity, text, labels }) => ({ id: alertId, to: phones, severity, text, labels }));
      const offeredAtMs = observedNow();
      await hand(alerts);
      const times = { offeredAtMs, takenAtMs: observedNow() };
      taken.push(...batch.map(({ alertId, phones, onUnknown }) => ({ alertId, phones, onUnknown, ...times })));
    }
    raised.push(...taken);
    return taken;
  };

  const raise: Traffic['raise'] = (count, kindOf, toOf = phoneOf) => raiseTo(count, kindOf, toOf, offer);

  return {
    raised,
    get refusals() {
      return refusals;
    },
    get duplicates() {
      return duplicates;
    },
    raise,
    raiseBy: (count, kindOf, hand) => raiseTo(count, kindOf, phoneOf, hand),
    raiseCopies: (count, copies, kindOf) =>
      raiseTo(count, kindOf, phoneOf, (alerts) => Promise.all(Array.from({ length: copies }, () => offer(alerts)))),
    halt: () => halted.abort(new Error('the scene is over')),
    flow(perSecond, kindOf, toOf = phoneOf) {
      const open = new Set<Promise<unknown>>();
      let failure: unknown;
      const started = performance.now();
      let sent = 0;
      const timer = setInterval(() => {
        const due = Math.floor(((performance.now() - started) / 1000) * perSecond) - sent;
        // While the door takes nothing they wait in line, and do not storm it.
        if (due <= 0 || open.size >= OFFERS_AT_ONCE) return;
        const some = Math.min(due, BATCH);
        sent += some;
        const offered: Promise<unknown> = raise(some, kindOf, toOf)
          .catch((error: unknown) => {
            failure = error;
          })
          .finally(() => open.delete(offered));
        open.add(offered);
      }, 20);
      halted.signal.addEventListener('abort', () => clearInterval(timer));
      return async () => {
        clearInterval(timer);
        await Promise.all(open);
        if (failure !== undefined) throw failure;
      };
    },
  };
}
