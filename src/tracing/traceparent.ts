import { isSpanContextValid, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context/#traceparent-header: what later versions add at the end is not ours to read. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** `00-<trace id>-<span id>-<flags>`; `undefined` where nothing is traced. */
export function formatTraceparent(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  const flags = span.traceFlags & TraceFlags.SAMPLED ? '01' : '00';
  return `00-${span.traceId}-${span.spanId}-${flags}`;
}

/**
 * `undefined` for whatever is no traceparent. Its companions `tracestate` and `baggage` are left behind, as the standard
 * allows: they hold whatever a caller likes, and would take it into Redis and into every span.
 */
export function parseTraceparent(text: unknown): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = (typeof text === 'string' && TRACEPARENT.exec(text)) || [];
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(span) ? span : undefined;
}

/**
 * What a BullMQ job takes along of the trace that it is put on its queue in. BullMQ keeps it as `tm` among the options of
 * the job, in the form that its own OpenTelemetry add-on writes: JSON of the headers that an HTTP request would have.
 */
interface Carried {
  readonly telemetry?: { readonly metadata: string };
}

/** Nothing where nothing is traced, so that a job is then what it always was. */
export function carryTrace(): Carried {
  const traceparent = formatTraceparent(trace.getActiveSpan()?.spanContext());
  return traceparent === undefined ? {} : { telemetry: { metadata: JSON.stringify({ traceparent }) } };
}

/** The traceparent in what a job took along, whoever wrote it; `undefined` for what cannot be read. */
export function carriedIn(metadata: unknown): string | undefined {
  if (typeof metadata !== 'string') return undefined;
  try {
    const { traceparent } = Object(JSON.parse(metadata)) as { readonly traceparent?: unknown };
    return parseTraceparent(traceparent) === undefined ? undefined : (traceparent as string);
  } catch {
    return undefined;
  }
}
