import { context, diag, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
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
