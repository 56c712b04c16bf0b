import { context, diag, isSpanContextValid, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { parseTraceparent } from './traceparent.ts';

/** Of a span. Closed sets, counts, codes and ids of ours: never a number, a text, a secret or the words of an error. */
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
  /** Where its trace began, elsewhere: a traceparent, or `none`. Left out: in whatever is under way here. */
  readonly from?: string | 'none';
}

export interface OpenSpan {
  /** Whatever begins in there belongs to it. */
  run<T>(work: () => T): T;
  /** With `error.type` it is one that failed, by us or by whoever was called. */
  note(facts: Facts): void;
  end(): void;
}

const SCOPE = 'sms-dispatch';

/** Costs next to nothing while nobody traces: the API then gives out spans that are none. */
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

/** A span processor that throws must not replace what the work in the span returned. */
function guarded(act: () => void): void {
  try {
    act();
  } catch (error) {
    diag.error('a span could not be recorded', error);
  }
}

/** A span around some work. What it throws leaves its kind behind, and not its words, which may quote anything. */
export async function inSpan<T>(start: SpanStart, work: (note: OpenSpan['note']) => Promise<T>): Promise<T> {
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

/** Adds to the span that is under way here, if there is one. */
export function noteInSpan(facts: Facts): void {
  const span = trace.getActiveSpan();
  if (span !== undefined) note(span, facts);
}

/** For work that somebody else will begin, such as a queue of turns: it stays in the span that it was handed over in. */
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
  /** Whether it is exported: what is not cannot be looked up. */
  readonly sampled: boolean;
}

/** The trace that whoever asks is in; `undefined` outside of any, and while nobody traces. */
export function activeTrace(): ActiveTrace | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span)) return undefined;
  return { traceId: span.traceId, spanId: span.spanId, sampled: (span.traceFlags & 1) === 1 };
}

/** For what is kept, such as an attempt in the ledger: only a trace that somebody can look up. */
export function keptTraceId(): { readonly traceId?: string } {
  const active = activeTrace();
  return active?.sampled ? { traceId: active.traceId } : {};
}

/** As labels of an exemplar, by the names that tracing backends look for; again only what can be looked up. */
export function activeExemplar(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const active = activeTrace();
  return active?.sampled ? { trace_id: active.traceId, span_id: active.spanId } : undefined;
}
