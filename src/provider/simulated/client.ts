import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type E164, maskPhone } from '../../alert/phone/phone.ts';
import { countSegments } from '../../alert/segments.ts';
import { type Accepted, type Provider, type ProviderDeps, type Refused, refuse } from '../contract/provider.ts';
import type { SimulatedConfig } from './config.ts';
import type { OutboxEntry } from './outbox.ts';

type Behaviour = 'deliver' | 'fail-delivery' | 'stumble' | 'throttle' | 'take-silently' | 'reject' | 'be-away';

/** Behaviour by the last four digits of the number; any other number is delivered. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  '0001': 'deliver',
  '0002': 'fail-delivery',
  '0003': 'stumble',
  '0004': 'throttle',
  '0005': 'take-silently',
  '0006': 'reject',
  '0007': 'be-away',
};

const THROTTLED_FOR_MS = 5_000;
/** Number of message ids remembered for behaviours that fail once. */
const MEMORY = 10_000;

/** A vendor without a network: its response depends on the number, and messages are kept in the outbox. */
export async function createSimulatedProvider(
  name: string,
  config: SimulatedConfig,
  { clock, outbox, onReceipt }: ProviderDeps,
): Promise<Provider> {
  const stumbledOn = new Set<string>();

  /** Returns the refusal for this number; `undefined` when the message is accepted. */
  const refusalFor = (behaviour: Behaviour, messageId: string): Refused | undefined => {
    switch (behaviour) {
      case 'reject':
        return refuse('recipient', { code: '0006' });
      case 'throttle':
        return refuse('throttled', { code: '0004', retryAt: new Date(clock.now().getTime() + THROTTLED_FOR_MS), onlyThisMessage: true });
      case 'be-away':
        return refuse('unavailable', { code: '0007', onlyThisMessage: true });
      case 'stumble':
        if (stumbledOn.has(messageId)) return undefined;
        remember(stumbledOn, messageId);
        return refuse('unavailable', { code: '0003', onlyThisMessage: true });
      default:
        return undefined;
    }
  };

  const take = async (entry: OutboxEntry, behaviour: Behaviour, deadline: Deadline): Promise<Accepted | Refused> => {
    const appended = await deadline.within(
      outbox.append(entry).then(
        () => true,
        () => false,
      ),
    );
    // The entry may exist all the same, as with a real vendor whose response was lost.
    if (!appended.ok) return refuse('unknown_outcome', { code: appended.code });
    if (!appended.value) return refuse('unknown_outcome', { code: 'OUTBOX_FAILED' });
    if (behaviour === 'take-silently') {
      const silence = await deadline.within(new Promise<never>(() => undefined));
      return refuse('unknown_outcome', { onlyThisMessage: true, ...(silence.ok ? {} : { code: silence.code }) });
    }
    const providerMessageId = `sim-${randomUUID()}`;
    const state = behaviour === 'fail-delivery' ? 'undelivered' : 'delivered';
    // After the response, as with a real vendor.
    if (config.receipts && onReceipt !== undefined)
      setImmediate(() => onReceipt({ provider: name, messageId: entry.messageId, providerMessageId, state }));
    return { kind: 'accepted', providerMessageId, segments: countSegments(entry.text) };
  };

  return {
    name,
    async send({ id, to, text }, signal) {
      if (signal.aborted) return refuse('unavailable', { code: 'ABORTED' });
      const deadline = startDeadline(signal, config.timeoutMs);
      try {
        if (config.latencyMs > 0) {
          const waited = await deadline.within(pause(config.latencyMs));
          if (!waited.ok) return refuse('unavailable', { code: waited.code });
        }
        const behaviour = behaviourFor(to);
        const entry = { at: clock.now().toISOString(), provider: name, messageId: id, to: maskPhone(to), text };
        return refusalFor(behaviour, id) ?? (await take(entry, behaviour, deadline));
      } finally {
        deadline.clear();
      }
    },
    close: async () => undefined,
  };
}

function behaviourFor(to: E164): Behaviour {
  return BEHAVIOURS[to.slice(-4)] ?? 'deliver';
}

function remember(memory: Set<string>, messageId: string): void {
  memory.add(messageId);
  const [oldest] = memory;
  if (memory.size > MEMORY && oldest !== undefined) memory.delete(oldest);
}

export interface Deadline {
  /** Waits for `work` within the deadline; otherwise returns the code of what ended the wait. */
  within<T>(work: Promise<T>): Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly code: string }>;
  clear(): void;
}

/** Combines the caller's signal with the time limit of one call. */
export function startDeadline(signal: AbortSignal, timeoutMs: number): Deadline {
  let expire: (code: string) => void = () => undefined;
  const expired = new Promise<{ ok: false; code: string }>((resolve) => {
    expire = (code) => resolve({ ok: false, code });
  });
  const onAbort = () => expire('ABORTED');
  const timer = setTimeout(() => expire('TIMEOUT'), timeoutMs);
  // Many calls may share one signal; Node warns of a leak from the eleventh listener on.
  setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  return {
    within: (work) => Promise.race([work.then((value) => ({ ok: true as const, value })), expired]),
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
