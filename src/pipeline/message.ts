import { z } from 'zod';
import { hash } from '../alert/id.ts';
import { epochMs } from '../alert/parse/read-moment.ts';
import { type E164, phoneHashes } from '../alert/phone/phone.ts';
import { formerIdentity } from '../alert/phone/phone-identity.ts';
import { PURPOSES } from '../alert/purpose.ts';
import { SEVERITIES } from '../alert/severity.ts';
import { OVERFLOWS } from '../policy/route.ts';

/** One message to one phone, as it waits on the queue `sms-messages`. Times are ms since the epoch. */
export const messageSchema = z.object({
  id: z.string(),
  alertId: z.string(),
  to: z.string().transform((phone) => phone as E164),
  contact: z.string().optional(),
  severity: z.enum(SEVERITIES),
  purpose: z.enum(PURPOSES),
  text: z.string(),
  /** Segments as most carriers count them; caps use it, and it is the only count before sending. */
  segments: z.int(),
  template: z
    .object({ name: z.string(), language: z.string().optional(), params: z.record(z.string(), z.string()), exact: z.boolean() })
    .optional(),
  variables: z.object({ instance: z.string(), priority: z.string(), content: z.string() }),
  /** When the alert was received. */
  receivedAt: epochMs,
  expiresAt: epochMs,
  /** Replaces the number in Redis key names. */
  phoneHash: z.string(),
  /** Replaces the dedup key in Redis key names. */
  dedupHash: z.string(),
  /** Duration of the dedupe claim of its alert; absent: no dedupe. A replay takes the claim again. */
  dedupeForMs: z.number().optional(),
  /** Policy of the route at the time of routing, so that config changes do not affect the message. */
  route: z.string(),
  providers: z.array(z.string()),
  overflow: z.enum(OVERFLOWS),
  onUnknown: z.enum(['resend', 'hold']),
  /** Created while its route had only simulated providers: never sent by a real one. */
  simulated: z.boolean().optional(),
  /** Sent only while its contact consents. */
  needsConsent: z.boolean().optional(),
  /** Display form of the alert's source: numbers masked, shortened. */
  source: z.string().optional(),
  /** Replaces the alert's source in Redis key names. */
  sourceHash: z.string().optional(),
  quietHours: z.object({ from: z.number(), to: z.number(), timeZone: z.string(), override: z.enum(SEVERITIES) }).optional(),
  /** When its escalation step is due. */
  notBefore: epochMs.optional(),
  /** Code with which the recipient acknowledges. */
  ackCode: z.string().optional(),
  /** Recipients who got it are notified when the alert is resolved. */
  resolvedTexts: z.boolean().optional(),
  maxSegments: z.int().min(1).optional(),
  transliterate: z.boolean().optional(),
  /** Set for a digest, whose text is empty while it collects. `countedAs`: severity under which it was counted. */
  digest: z.object({ countedAs: z.enum(SEVERITIES) }).optional(),
  /** Why it failed in the job of its alert: its own job only moves to the failed set. */
  failure: z.string().optional(),
  /** Number and time of replays, by an operator or because the vendor never accepted it. */
  replay: z.object({ number: z.int().min(1), at: epochMs, by: z.literal('vendor').optional() }).optional(),
});

export type Message = z.output<typeof messageSchema>;

/**
 * Replaces the phone in dedupe claims, cap counters and digests. Messages of a trial with the simulator have their own
 * counters and claims, so that they never hold back a message to the real phone.
 */
export function laneOf({ phoneHash, simulated }: Pick<Message, 'phoneHash' | 'simulated'>): string {
  return simulated ? hash('simulated', phoneHash) : phoneHash;
}

/** Further hashes under which an opt-out of its phone may be stored; most phones have none. */
export function formerHashesOf({ to, phoneHash }: Pick<Message, 'to' | 'phoneHash'>): readonly string[] {
  return formerIdentity(to) === undefined ? [] : phoneHashes(to).filter((hash) => hash !== phoneHash);
}
