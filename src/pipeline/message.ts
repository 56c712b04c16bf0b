import { z } from 'zod';
import { PURPOSES } from '../alert/alert.ts';
import type { E164 } from '../alert/phone.ts';
import { SEVERITIES } from '../alert/severity.ts';

/** One text to one phone, as it waits on the queue `sms-messages`. Times are ms since the epoch. */
export const messageSchema = z.object({
  id: z.string(),
  alertId: z.string(),
  to: z.string().transform((phone) => phone as E164),
  contact: z.string().optional(),
  severity: z.enum(SEVERITIES),
  purpose: z.enum(PURPOSES),
  text: z.string(),
  /** Of the text as most carriers send it: what the caps count, and all that is known of it before. */
  segments: z.int(),
  template: z.object({ name: z.string(), params: z.record(z.string(), z.string()), exact: z.boolean() }).optional(),
  variables: z.object({ instance: z.string(), priority: z.string(), content: z.string() }),
  /** When we took the alert. */
  receivedAt: z.number(),
  expiresAt: z.number(),
  /** Stands for the number in Redis key names. */
  phoneHash: z.string(),
  /** Stands for the dedup key in Redis key names. */
  dedupHash: z.string(),
  /** The route's word at the time of routing, so that a message keeps its promise across config changes. */
  route: z.string(),
  providers: z.array(z.string()),
  overflow: z.enum(['defer', 'drop']),
  onUnknown: z.enum(['resend', 'hold']),
  maxSegments: z.int().min(1).optional(),
  transliterate: z.boolean().optional(),
  /** How often it was set on its way again and when last: by an operator, or because its vendor never took it. */
  replay: z.object({ number: z.int().min(1), at: z.number(), by: z.literal('vendor').optional() }).optional(),
});

export type Message = z.output<typeof messageSchema>;
