import type { IncomingHttpHeaders } from 'node:http';
import type { Issue } from '../../alert/parse-alert.ts';
import { HttpProblem } from '../server/problem.ts';

/** How a call carries its events; the names are those of the specification. */
export type ContentMode = 'structured' | 'batched' | 'binary';

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
