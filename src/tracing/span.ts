import {
  context,
  diag,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { parseTraceparent } from './traceparent.ts';

/** Attributes of a span: closed sets, counts, codes and ids of ours; never a number, a text, a secret or an error message. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export interface SpanStart {
  readonly kind: keyof typeof KINDS;
  readonly name: string;
  readonly facts?: Facts;
  /** Parent trace from another process: a traceparent, or `none`. Absent: the span that is active here. */
  readonly from?: string | 'none';
}

export interface OpenSpan {
  /** Runs `work`; spans opened in it are children of this one. */
  run<T>(work: () => T): T;
  /** Adds attributes; `error.type` marks the span as failed. */
  note(facts: Facts): void;
  end(): void;
}

const SCOPE = 'sms-dispatch';

/** Whether spans are recorded in this process. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer(SCOPE) !== undefined;
}

/** Opens a span; costs almost nothing while tracing is off, because the API then returns no-op spans. */
export function openSpan({ kind, name, facts = {}, from }: SpanStart): OpenSpan {
  const parent = from === undefined ? context.active() : remote(from);
  const span = trace.getTracer(SCOPE).startSpan(name, { kind: KINDS[kind] }, parent);
  const own = trace.setSpan(parent, span);
  note(span, facts);
  return {
    run: (work) => context.with(own, work),
    note: (more) => guarded(() => note(span, more)),
    end: () => guarded(() => span.end()),
  };
}

/** Runs `act`; a span processor that throws must not affect the work in the span. */
function guarded(act: () => void): void {
  try {
    act();
  } catch (error) {
    diag.error('failed to record a span', error);
  }
}

/** Runs work in a span. Of an error only the name is recorded; its message may quote anything. */
export async function inSpan<T>(start: SpanStart, work: (note: OpenSpan['note']) => Promise<T>): Promise<T> {
  if (!isTracing()) return work(() => undefined);
  const span = openSpan(start);
  try {
    return await span.run(() => work(span.note));
  } catch (error) {
    span.note({ 'error.type': error instanceof Error ? error.name : 'unknown' });
    throw error;
  } finally {
    span.end();
  }
}

/** Adds attributes to the active span, if any. */
export function noteInSpan(facts: Facts): void {
  const span = trace.getActiveSpan();
  if (span !== undefined) note(span, facts);
}

/** Binds deferred work, such as an entry of a queue, to the span that is active now. */
export function keepSpan<T extends () => unknown>(work: T): T {
  return context.bind(context.active(), work);
}

function note(span: Span, facts: Facts): void {
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) span.setAttribute(name, value);
  if (facts['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
}

function remote(traceparent: string) {
  const span = parseTraceparent(traceparent);
  return span === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span);
}

interface ActiveTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Whether the trace is exported; others cannot be looked up. */
  readonly sampled: boolean;
}

/** Returns the active trace; `undefined` outside of a trace or while tracing is off. */
export function activeTrace(): ActiveTrace | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return { traceId: span.traceId, spanId: span.spanId, sampled: (span.traceFlags & 1) === 1 };
}

/** Returns the trace id to store, for example with an attempt in the ledger; only for an exported trace. */
export function keptTraceId(): { readonly traceId?: string } {
  const active = activeTrace();
  return active?.sampled ? { traceId: active.traceId } : {};
}

/** Returns the active trace as exemplar labels, named as tracing backends expect; only for an exported trace. */
export function activeExemplar(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const active = activeTrace();
  return active?.sampled ? { trace_id: active.traceId, span_id: active.spanId } : undefined;
}
