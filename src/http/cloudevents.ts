import { z } from 'zod';
import { hash } from '../alert/id.ts';
import { formatPath, type Issue } from '../alert/parse-alert.ts';
import { maskNumbers } from '../alert/phone.ts';
import { clip } from './shorten.ts';

const MAX_SOURCE = 256;

const DATA = 'an alert as POST /v1/alerts takes it';

const attribute = z.string({ error: ({ input }) => (input === undefined ? 'is missing' : 'must be text') }).min(1, 'is empty');

/**
 * An event of CloudEvents 1.0 in its JSON form; other attributes, extensions among them, are let through.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', {
    error: ({ input }) => (input === undefined ? 'is missing: send 1.0' : `${quote(input)} is not read: send 1.0`),
  }),
  id: attribute.describe('With source, what makes an event: the same two again are the same alert.'),
  source: attribute.describe("The alert's source, where data has none."),
  type: attribute.describe('Any.'),
  time: z.iso
    .datetime({ offset: true, error: 'not an RFC 3339 time, such as 2026-11-20T03:00:00Z' })
    .optional()
    .describe("The alert's raisedAt, where data has none."),
  data: z
    .record(z.string(), z.unknown(), {
      error: ({ input }) => (input === undefined ? `is missing: ${DATA}` : `must be a JSON object: ${DATA}`),
    })
    .describe(`${DATA[0]?.toUpperCase()}${DATA.slice(1)}; \`to\` may be left out where ?to= or webhooks.to names somebody.`),
  data_base64: z
    .never({ error: 'bytes are not read: send the alert as JSON in data' })
    .optional()
    .describe('Not read: send the alert as JSON in data.'),
});

export type ReadEvent =
  | { readonly ok: true; readonly alert: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly issues: Issue[] };

/**
 * The alert that an event carries, still to be checked as one. Without an id of its own it has one made of the event's
 * source and id, which together name an event for ever, so an event that comes twice is one alert.
 */
export function readCloudEvent(event: unknown, { to }: { readonly to: readonly string[] }): ReadEvent {
  const parsed = cloudEventSchema.safeParse(withoutNulls(event), { error: () => 'must be a JSON object: an event of CloudEvents 1.0' });
  if (!parsed.success) return { ok: false, issues: tellIssues(parsed.error.issues) };
  const { id, source, time, data } = parsed.data;
  return {
    ok: true,
    alert: {
      id: `cloudevents-${hash('cloudevents', source, id)}`,
      source: clip(source, MAX_SOURCE),
      ...(time === undefined ? {} : { raisedAt: time }),
      ...(to.length === 0 ? {} : { to }),
      ...data,
    },
  };
}

/** The JSON form lets a sender write null for what it leaves out. */
function withoutNulls(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  return Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null));
}

/** An event of another version, or with its data elsewhere, lacks more than the one thing that there is to say. */
function tellIssues(issues: readonly z.core.$ZodIssue[]): Issue[] {
  const told = issues.map(({ path, message }) => ({ path: formatPath(path), message }));
  const version = told.find(({ path, message }) => path === 'specversion' && !message.startsWith('is missing'));
  if (version !== undefined) return [version];
  return told.some(({ path }) => path === 'data_base64') ? told.filter(({ path }) => path !== 'data') : told;
}

function quote(value: unknown): string {
  return maskNumbers(clip(JSON.stringify(value), 32));
}
