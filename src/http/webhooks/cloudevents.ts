import { z } from 'zod';
import { describeIssues, type Issue, issueSentence, showValue } from '../../alert/describe-issues.ts';
import { hash } from '../../alert/id.ts';
import { readMoment } from '../../alert/read-moment.ts';
import { withoutBlanks } from '../../alert/tidy-alert.ts';
import { textOf } from '../../http-client/read-answer.ts';
import { clip } from './shorten.ts';

const MAX_SOURCE = 256;

const DATA = 'an alert as POST /v1/alerts takes it';

const attribute = z.string().min(1);

/**
 * An event of CloudEvents 1.0 in its JSON form; other attributes, extensions among them, are let through.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', { error: ({ input }) => (input === undefined ? 'is required: send 1.0' : 'must be 1.0') }),
  id: attribute.describe('With source, what makes an event: the same two again are the same alert.'),
  source: attribute.describe("The alert's source, where data has none."),
  type: attribute.describe('Any.'),
  time: z.unknown().optional().describe("The alert's raisedAt, where data has none; left out where it is no time."),
  data: z
    .record(z.string(), z.unknown(), {
      error: ({ input }) => (input === undefined ? `is required: ${DATA}` : `must be a JSON object: ${DATA}`),
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
  const tidy = tidyEvent(event);
  const parsed = cloudEventSchema.safeParse(tidy, { error: issueSentence });
  if (!parsed.success) return { ok: false, issues: tellIssues(describeIssues(parsed.error.issues, tidy)) };
  const { id, source, time, data } = parsed.data;
  const raisedAt = readMoment(time);
  return {
    ok: true,
    alert: {
      id: `cloudevents-${hash('cloudevents', source, id)}`,
      source: clip(source, MAX_SOURCE),
      ...(typeof raisedAt === 'string' ? { raisedAt } : {}),
      ...(time !== undefined && raisedAt === undefined ? { remarks: [`time ${showValue(time)} of the event is no time: left out`] } : {}),
      ...(to.length === 0 ? {} : { to }),
      ...withoutBlanks(data),
    },
  };
}

const NUMBERS_AS_TEXT = ['id', 'source', 'type', 'specversion'];

/** The JSON form lets a sender write null for what it leaves out; some write a number where the form wants text. */
function tidyEvent(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  return Object.fromEntries(
    Object.entries(event).flatMap(([name, value]) => {
      if (value === null) return [];
      if (name === 'specversion' && /^1(?:\.0(?:\.\d+)?)?$/.test(textOf(value) ?? '')) return [[name, '1.0']];
      if (name === 'data') return [[name, typeof value === 'string' ? (jsonIn(value) ?? value) : value]];
      return [[name, typeof value === 'number' && NUMBERS_AS_TEXT.includes(name) ? String(value) : value]];
    }),
  );
}

/** Some senders write their data as a string of JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An event of another version, or with its data elsewhere, lacks more than the one thing that there is to say. */
function tellIssues(told: Issue[]): Issue[] {
  const version = told.find(({ path, message }) => path === 'specversion' && !message.startsWith('is required'));
  if (version !== undefined) return [version];
  return told.some(({ path }) => path === 'data_base64') ? told.filter(({ path }) => path !== 'data') : told;
}
