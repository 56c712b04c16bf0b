import { trace } from '@opentelemetry/api';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

/**
 * What a BullMQ job takes along of the trace that it is put on its queue in. BullMQ keeps it as `tm` among the options of
 * the job, in the form that its own OpenTelemetry add-on writes: JSON of the headers that an HTTP request would have.
 */
export interface Carried {
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
