import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context/#traceparent-header; additions of later versions at the end are ignored. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Formats `00-<trace id>-<span id>-<flags>`; `undefined` while tracing is off. */
export function formatTraceparent(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags & TraceFlags.SAMPLED ? '01' : '00';
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/**
 * Parses a traceparent; `undefined` for an invalid one. Its companions `tracestate` and `baggage` are dropped, as the standard
 * allows: they contain arbitrary data of the caller, which would enter Redis and every span.
 */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = (typeof text === 'string' && TRACEPARENT.exec(text)) || [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

/**
 * Trace context of a BullMQ job. BullMQ stores it as `tm` among the options of the job, in the format of its own OpenTelemetry
 * add-on: JSON of the headers that an HTTP request would have.
 */
interface Carried {
  readonly telemetry?: { readonly metadata: string };
}

/** Returns the trace context for a new job; empty while tracing is off, so that the job is unchanged. */
export function carryTrace(): Carried {
  const traceparent = formatTraceparent(trace.getActiveSpan()?.spanContext());
  return traceparent === undefined ? {} : { telemetry: { metadata: JSON.stringify({ traceparent }) } };
}

/** Returns the traceparent from a job's metadata; `undefined` for an invalid one. */
export function carriedIn(metadata: unknown): string | undefined {
  if (typeof metadata !== 'string') return undefined;
  try {
    const { traceparent } = Object(JSON.parse(metadata)) as { readonly traceparent?: unknown };
    return parseTraceparent(traceparent) === undefined ? undefined : (traceparent as string);
  } catch {
    return undefined;
  }
}
