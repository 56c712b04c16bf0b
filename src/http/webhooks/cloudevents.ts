import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { describeIssues, type Issue, issueSentence, showValue } from '../../alert/describe-issues.ts';
import { hash } from '../../alert/id.ts';
import { readMoment } from '../../alert/read-moment.ts';
import { withoutBlanks } from '../../alert/tidy-alert.ts';
import { textOf } from '../../http-client/read-answer.ts';
import { HttpProblem } from '../server/problem.ts';
import { clip } from './webhook-alerts.ts';

/** How a call carries its events; the names are those of the specification. */
type ContentMode = 'structured' | 'batched' | 'binary';

const STRUCTURED = 'application/cloudevents+json';
const BATCHED = 'application/cloudevents-batch+json';

export interface CarriedEvents {
  readonly mode: ContentMode;
  /** As in the JSON form, unchecked. */
  readonly events: readonly unknown[];
}

/**
 * The events of a call, by the HTTP binding of CloudEvents 1.0: the content type says whether the body is an event, a list
 * of them, or the data of one whose attributes are `ce-*` headers.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3-http-message-mapping
 * @throws {HttpProblem} `unsupported-media-type` for another form of events, `invalid-request` for a batch that is no list
 */
export function carriedEvents(headers: IncomingHttpHeaders, body: unknown): CarriedEvents {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === STRUCTURED) return { mode: 'structured', events: [body] };
  if (type === BATCHED) {
    if (Array.isArray(body)) return { mode: 'batched', events: body };
    throw new HttpProblem('invalid-request', { detail: `A batch is a list of events; send one event as ${STRUCTURED}.` });
  }
  if (type.startsWith('application/cloudevents')) {
    throw new HttpProblem('unsupported-media-type', { detail: `Send events as ${STRUCTURED} or ${BATCHED}.` });
  }
  return { mode: 'binary', events: [{ ...attributesOf(headers), data: body ?? null }] };
}

/** A fault by its place in the call: `specversion`, or in binary mode the header `ce-specversion`. */
export function placeIssue({ path, message }: Issue, mode: ContentMode): Issue {
  if (mode !== 'binary' || path === '' || path.startsWith('data')) return { path, message };
  const hint = path === 'specversion' && message.startsWith('is required') ? `, or the whole event as ${STRUCTURED}` : '';
  return { path: `ce-${path}`, message: `${message}${hint}` };
}

function attributesOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce-') && typeof value === 'string' ? [[name.slice('ce-'.length), decodeHeader(value)]] : [],
    ),
  );
}

/** Quotes first, then percent-encoded UTF-8: section 3.1.3.2 of the binding. */
function decodeHeader(value: string): string {
  return value
    .replace(/^"(.*)"$/s, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1'))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

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

type ReadEvent =
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
