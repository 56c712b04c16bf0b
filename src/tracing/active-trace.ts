import { isSpanContextValid, trace } from '@opentelemetry/api';

export interface ActiveTrace {
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
