import { z } from 'zod';
import { ALERT_ID_PATTERN, storedDedupKey } from './id.ts';
import { showValue } from './parse/describe-issues.ts';
import { PURPOSES } from './purpose.ts';
import { listSeverityWords, parseSeverity, SEVERITIES, SEVERITY_ALIASES, type SeverityWords } from './severity.ts';

export const STATUSES = ['firing', 'resolved'] as const;

/** The longest text that any vendor accepts. */
export const MAX_TEXT = 1600;
export const MAX_RECIPIENTS = 1000;

const severity = z
  .string({
    error: ({ input }) => (input === undefined ? `is required: ${SEVERITIES.join(', ')}` : `must be one of ${SEVERITIES.join(', ')}`),
  })
  .transform((word, ctx) => {
    const parsed = parseSeverity(word);
    if (parsed !== undefined) return parsed;
    ctx.addIssue({ code: 'custom', message: unknownSeverity(word) });
    return z.NEVER;
  })
  .meta({ enum: [...SEVERITIES, ...Object.keys(SEVERITY_ALIASES)] });

/** Error text for an unknown severity; lists the known words. */
export function unknownSeverity(word: string, words?: SeverityWords): string {
  return `unknown severity ${showValue(word)}: use ${listSeverityWords(words)}, or add the word to severityWords in the config`;
}

const recipient = z
  .string()
  .min(1, 'empty recipient: write a phone number, contact:<name>, group:<name> or rotation:<name>')
  .max(128)
  .describe('A phone number (best as +<country><number>), contact:<name>, group:<name> or rotation:<name>');

const param = z
  .union([z.string().max(MAX_TEXT).overwrite(printable), z.number(), z.boolean()], { error: 'must be text, a number, true or false' })
  .transform(String);

/** Half of a surrogate pair, left when a producer truncated a text inside a character; no encoding can represent it. */
const HALF = /\p{Surrogate}/gu;

/** Removes control characters, which phones do not show and some vendors reject. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]/gu, '').replace(HALF, '\ufffd');
}

const label = z.string().overwrite(printable).max(1024);
const timestamp = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with zone, such as 2026-11-20T03:00:00Z' });

/** The alert as producers write it: the job data on the queue `sms-alerts`. */
export const alertSchema = z
  .strictObject({
    id: z
      .string()
      .regex(ALERT_ID_PATTERN, 'must be 1 to 128 of A-Z a-z 0-9 . _ -')
      .optional()
      .describe('Idempotency key: the same id again is the same alert'),
    severity,
    status: z.enum(STATUSES).default('firing'),
    to: z
      .union(
        [
          recipient,
          z
            .array(recipient)
            .min(1, 'must name at least one recipient')
            .max(MAX_RECIPIENTS, `must name at most ${MAX_RECIPIENTS} recipients`),
        ],
        {
          error: 'must be a phone number, contact:<name>, group:<name> or rotation:<name>, or a list of them',
        },
      )
      .transform((to) => (Array.isArray(to) ? to : [to]))
      .optional(),
    text: z.string().overwrite(printable).trim().min(1, 'must not be empty').max(MAX_TEXT).optional(),
    template: z
      .strictObject({
        name: z.string().min(1).max(128),
        language: z
          .string()
          .max(35)
          .optional()
          .describe('Language tag of the text, such as ms; default: the language of the contact, else of the template'),
        params: z.record(z.string().max(64), param).default({}),
      })
      .optional(),
    purpose: z.enum(PURPOSES).default('alert'),
    source: z.string().overwrite(printable).min(1).max(256).optional(),
    instance: z.string().overwrite(printable).min(1).max(256).optional(),
    labels: z.record(z.string().max(256), label).default({}),
    dedupKey: z.string().min(1).overwrite(storedDedupKey).optional(),
    raisedAt: timestamp.optional(),
    expiresAt: timestamp.optional(),
    remarks: z.array(z.string().overwrite(printable).max(300)).max(16).optional(),
  })
  .superRefine((alert, ctx) => {
    if (alert.text !== undefined && alert.template !== undefined) {
      ctx.addIssue({ code: 'custom', path: ['template'], message: 'give text or template, not both' });
    }
    if (alert.status === 'resolved') {
      if (alert.dedupKey === undefined && alert.text === undefined && alert.template === undefined) {
        ctx.addIssue({
          code: 'custom',
          path: ['dedupKey'],
          message: 'is required: a resolved alert needs the dedupKey, or the text, of the alert that it resolves',
        });
      }
      return;
    }
    if (alert.to === undefined) {
      ctx.addIssue({
        code: 'custom',
        path: ['to'],
        message: 'is required: a phone number, contact:<name>, group:<name> or rotation:<name>',
      });
    }
    if (alert.text === undefined && alert.template === undefined) {
      ctx.addIssue({ code: 'custom', path: ['text'], message: 'is required: text, or a template' });
    }
  });

/** Input type for producers. */
export type AlertInput = z.input<typeof alertSchema>;
/** Output of the schema: aliases resolved, defaults applied, recipients as a list. */
export type ParsedAlert = z.output<typeof alertSchema>;
