import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { hash } from '../../alert/id.ts';
import { describeIssues, type Issue, issueSentence, showValue } from '../../alert/parse/describe-issues.ts';
import { readMoment } from '../../alert/parse/read-moment.ts';
import { withoutBlanks } from '../../alert/parse/tidy-alert.ts';
import { textOf } from '../../http-client/read-answer.ts';
import { HttpProblem } from '../server/problem.ts';
import { clip } from './webhook-alerts.ts';

/** How a call transports its events; the names are those of the specification. */
type ContentMode = 'structured' | 'batched' | 'binary';

const STRUCTURED = 'application/cloudevents+json';
const BATCHED = 'application/cloudevents-batch+json';

export interface CarriedEvents {
  readonly mode: ContentMode;
  /** Events in their JSON format, unchecked. */
  readonly events: readonly unknown[];
}

/**
 * Returns the events of a call by the HTTP binding of CloudEvents 1.0: the content type decides whether the body is an event, a
 * list of them, or the data of one whose attributes are `ce-*` headers.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3-http-message-mapping
 * @throws {HttpProblem} `unsupported-media-type` for another event format, `invalid-request` for a batch that is not a list
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

/** Names the place of an issue in the call: `specversion`, or in binary mode the header `ce-specversion`. */
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

/** Removes quotes, then decodes percent-encoded UTF-8: section 3.1.3.2 of the binding. */
function decodeHeader(value: string): string {
  return value
    .replace(/^"(.*)"$/s, (_, quoted: string) => quoted.replace(/\\(.)/gs, '$1'))
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

const MAX_SOURCE = 256;

const DATA = 'an alert in the format of POST /v1/alerts';

const attribute = z.string().min(1);

/**
 * A CloudEvents 1.0 event in its JSON format; other attributes, such as extensions, are ignored.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const cloudEventSchema = z.looseObject({
  specversion: z.literal('1.0', { error: ({ input }) => (input === undefined ? 'is required: send 1.0' : 'must be 1.0') }),
  id: attribute.describe('Identifies the event together with source; the same two again are the same alert.'),
  source: attribute.describe('Source of the alert, unless data has one.'),
  type: attribute.describe('Any value.'),
  time: z.unknown().optional().describe('raisedAt of the alert, unless data has one; ignored if it is not a time.'),
  data: z
    .record(z.string(), z.unknown(), {
      error: ({ input }) => (input === undefined ? `is required: ${DATA}` : `must be a JSON object: ${DATA}`),
    })
    .describe(`${DATA[0]?.toUpperCase()}${DATA.slice(1)}; \`to\` is optional where ?to= or webhooks.to names recipients.`),
  data_base64: z
    .never({ error: 'is not supported: send the alert as JSON in data' })
    .optional()
    .describe('Not supported: send the alert as JSON in data.'),
});

type ReadEvent =
  | { readonly ok: true; readonly alert: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly issues: Issue[] };

/**
 * Returns the alert of an event, still unvalidated. An alert without an id gets one derived from the event's source and id, which
 * together identify an event permanently, so that a repeated event is one alert.
 */
export function readCloudEvent(event: unknown, { to }: { readonly to: readonly string[] }): ReadEvent {
  const tidy = tidyEvent(event);
  const parsed = cloudEventSchema.safeParse(tidy, { error: issueSentence });
  if (!parsed.success) return { ok: false, issues: relevantIssues(describeIssues(parsed.error.issues, tidy)) };
  const { id, source, time, data } = parsed.data;
  const raisedAt = readMoment(time);
  return {
    ok: true,
    alert: {
      id: `cloudevents-${hash('cloudevents', source, id)}`,
      source: clip(source, MAX_SOURCE),
      ...(typeof raisedAt === 'string' ? { raisedAt } : {}),
      ...(time !== undefined && raisedAt === undefined
        ? { remarks: [`time ${showValue(time)} of the event is not a time and was left out`] }
        : {}),
      ...(to.length === 0 ? {} : { to }),
      ...withoutBlanks(data),
    },
  };
}

const NUMBERS_AS_TEXT = ['id', 'source', 'type', 'specversion'];

/** Drops null attributes, which the JSON format allows, and converts numbers that some senders write instead of text. */
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

/** Parses data that some senders write as a string of JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps only the decisive issue: an event of another version, or with its data elsewhere, has further issues as a consequence. */
function relevantIssues(issues: Issue[]): Issue[] {
  const version = issues.find(({ path, message }) => path === 'specversion' && !message.startsWith('is required'));
  if (version !== undefined) return [version];
  return issues.some(({ path }) => path === 'data_base64') ? issues.filter(({ path }) => path !== 'data') : issues;
}
