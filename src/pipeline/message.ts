import { z } from 'zod';
import { PURPOSES } from '../alert/alert.ts';
import { hash } from '../alert/id.ts';
import { type E164, phoneHashes } from '../alert/phone.ts';
import { formerIdentity } from '../alert/phone-identity.ts';
import { epochMs } from '../alert/read-moment.ts';
import { SEVERITIES } from '../alert/severity.ts';
import { OVERFLOWS } from '../policy/route.ts';

/** One text to one phone, as it waits on the queue `sms-messages`. Times are ms since the epoch. */
export const messageSchema = z.object({
  id: z.string(),
  alertId: z.string(),
  to: z.string().transform((phone) => phone as E164),
  contact: z.string().optional(),
  severity: z.enum(SEVERITIES),
  purpose: z.enum(PURPOSES),
  text: z.string(),
  /** Of the text as most targets send it: what the caps count, and all that is known of it before. */
  segments: z.int(),
  template: z
    .object({ name: z.string(), language: z.string().optional(), params: z.record(z.string(), z.string()), exact: z.boolean() })
    .optional(),
  variables: z.object({ instance: z.string(), priority: z.string(), content: z.string() }),
  /** When we took the alert. */
  receivedAt: epochMs,
  expiresAt: epochMs,
  /** Stands for the number in Redis key names. */
  phoneHash: z.string(),
  /** Stands for the dedup key in Redis key names. */
  dedupHash: z.string(),
  /** How long the dedupe claim of its alert silences its equals; absent: no dedupe. A replay takes the claim again. */
  dedupeForMs: z.number().optional(),
  /** The route's word at the time of routing, so that a message keeps its promise across config changes. */
  route: z.string(),
  providers: z.array(z.string()),
  overflow: z.enum(OVERFLOWS),
  onUnknown: z.enum(['resend', 'hold']),
  /** Made while its route had simulated providers alone: no real one ever gets it. */
  simulated: z.boolean().optional(),
  /** Only as long as its contact consents. */
  needsConsent: z.boolean().optional(),
  /** The alert's source as people are shown it: numbers masked, shortened. */
  source: z.string().optional(),
  /** Stands for the alert's source in Redis key names. */
  sourceHash: z.string().optional(),
  quietHours: z.object({ from: z.number(), to: z.number(), timeZone: z.string(), override: z.enum(SEVERITIES) }).optional(),
  /** When its step of the ladder is due. */
  notBefore: epochMs.optional(),
  /** By which its recipient acknowledges. */
  ackCode: z.string().optional(),
  /** Whoever accepted it is told when it is over. */
  resolvedTexts: z.boolean().optional(),
  maxSegments: z.int().min(1).optional(),
  transliterate: z.boolean().optional(),
  /** It tells of many alerts; its text is empty as long as it gathers. Among what severity it was counted when it was made. */
  digest: z.object({ countedAs: z.enum(SEVERITIES) }).optional(),
  /** How often it was set on its way again and when last: by an operator, or because its vendor never took it. */
  replay: z.object({ number: z.int().min(1), at: epochMs, by: z.literal('vendor').optional() }).optional(),
});

export type Message = z.output<typeof messageSchema>;

/**
 * Stands for the phone in dedupe claims, cap counters and digests: what a trial with the simulator made has counters and
 * claims of its own, so that it never holds back or suppresses a message to the real phone.
 */
export function laneOf({ phoneHash, simulated }: Pick<Message, 'phoneHash' | 'simulated'>): string {
  return simulated ? hash('simulated', phoneHash) : phoneHash;
}

/** Further hashes that the opt-out of its phone may be kept under; most phones have none. */
export function formerHashesOf({ to, phoneHash }: Pick<Message, 'to' | 'phoneHash'>): readonly string[] {
  return formerIdentity(to) === undefined ? [] : phoneHashes(to).filter((hash) => hash !== phoneHash);
}
