import { randomUUID } from 'node:crypto';
import { confirmationMessageId, hash } from '../../alert/id.ts';
import { type E164, phoneHash } from '../../alert/phone/phone.ts';
import { countSegments, cutText } from '../../alert/segments.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { MessageRecord } from '../../ledger/records.ts';
import { orderProviders } from '../../policy/provider-order.ts';
import type { Message } from '../message.ts';
import type { Observer } from '../observer.ts';
import { anyProvider, isSimulatedOnly } from '../routing/fit-providers.ts';
import { cardOf, type PlannedMessage } from '../routing/plan-message.ts';

/** A reply that acknowledged an alert. */
export interface Confirmable {
  readonly alertId: string;
  /** Route of the message that was replied to. */
  readonly route: string;
  /** That message was sent by a simulated provider: no real one confirms it. */
  readonly simulated?: boolean | undefined;
  readonly to: E164;
  readonly contact: string | null;
  /** The dedup key of the alert, when its producer set it. */
  readonly dedupKey: string | null;
  /** Time of the reply. */
  readonly at: Date;
}

/** Sends a confirmation to the sender of a reply; one message per alert. */
export type ConfirmReply = (confirmable: Confirmable) => Promise<void>;

export interface ConfirmReplyDeps {
  readonly config: Pick<Config, 'providers' | 'routes'>;
  readonly ledger: Pick<Ledger, 'resolveSubscribers'>;
  readonly observer: Pick<Observer, 'messagesCreated'>;
  readonly clock: Clock;
  /** Adds the jobs; an existing job is kept. */
  readonly addJobs: (steps: readonly PlannedMessage[]) => Promise<void>;
}

/** Deadline: a later confirmation is of no use. */
const GOOD_FOR_MS = 10 * 60_000;
/** Maximum length of the dedup key in the text, in characters. */
const LONGEST_KEY = 60;

/**
 * The message id is derived from the alert id and stored once, so that neither a second reply nor a crash sends a
 * second message. Caps, opt-outs and budgets apply as usual; a confirmation over a cap is dropped.
 */
export function createConfirmReply({ config, ledger: { resolveSubscribers }, observer, clock, addJobs }: ConfirmReplyDeps): ConfirmReply {
  return async (confirmable) => {
    const message = confirmationOf(confirmable, config);
    const record = recordOf(message, clock.now());
    const added = await resolveSubscribers.add(record, randomUUID());
    if (added === 'missing') return;
    if (added === 'fresh') observer.messagesCreated(message.severity, 1);
    await addJobs([{ message, record, job: added === 'fresh' ? 'now' : 'again' }]);
  };
}

export function confirmationOf(
  { alertId, route, simulated, to, contact, dedupKey, at }: Confirmable,
  config: ConfirmReplyDeps['config'],
): Message {
  const id = confirmationMessageId(alertId);
  const plan = config.routes.find(({ name }) => name === route) ?? anyProvider(config);
  const providers = orderProviders(plan, to, id);
  const about = dedupKey === null ? 'this alert' : cutText(dedupKey, LONGEST_KEY);
  const text = `Acknowledged${contact === null ? '' : ` by ${contact}`}: no further messages about ${about}.`;
  return {
    id,
    alertId,
    to,
    ...(contact === null ? {} : { contact }),
    severity: 'info',
    purpose: 'notification',
    text,
    segments: countSegments(text),
    variables: { instance: '', priority: 'ACKNOWLEDGED', content: text },
    receivedAt: at.getTime(),
    expiresAt: at.getTime() + GOOD_FOR_MS,
    phoneHash: phoneHash(to),
    dedupHash: hash('confirmation', alertId),
    route,
    providers,
    overflow: 'drop',
    onUnknown: 'hold',
    ...(simulated || isSimulatedOnly(config, providers) ? { simulated: true } : {}),
  };
}

function recordOf(message: Message, now: Date): MessageRecord {
  const events = [
    { at: now.toISOString(), stage: 'acknowledge', verdict: 'queued', detail: 'confirms the reply that acknowledged the alert' },
  ];
  return { ...cardOf(message, now), says: 'acknowledged', state: 'queued', reason: null, until: null, events };
}
