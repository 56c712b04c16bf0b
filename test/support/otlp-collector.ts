import { onTestFinished } from 'vitest';
import { startHttpVendor } from './vendors/http-vendor.ts';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for the first of its trace. */
  readonly parentSpanId?: string;
  readonly name: string;
  /** As OTLP has it: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Of whoever sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface OtlpCollector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: CollectedSpan[];
  /** Everything that was sent, as it came. */
  readonly bodies: string[];
  /** Headers of the calls. */
  readonly headers: Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'attributes' | 'resource' | 'failed'> & {
        readonly attributes: readonly OtlpAttribute[];
        readonly status: { readonly code?: number };
      })[];
    }[];
  }[];
}

/** A real server that takes traces as OTLP over HTTP in JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export async function startOtlpCollector(onEnd: (end: () => Promise<void>) => void = onTestFinished): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  const calls: Readonly<Record<string, unknown>>[] = [];
  const { url, close } = await startHttpVendor(({ method, path, headers, body }) => {
    if (method !== 'POST' || path !== '/v1/traces') return { status: 404, body: '' };
    bodies.push(body);
    calls.push(headers);
    spans.push(...read(JSON.parse(body) as OtlpRequest));
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
  });
  let closed: Promise<void> | undefined;
  const closeOnce = () => {
    closed ??= close();
    return closed;
  };
  onEnd(closeOnce);
  return { url, spans, bodies, headers: calls, close: closeOnce };
}

function read({ resourceSpans }: OtlpRequest): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map(({ traceId, spanId, parentSpanId, name, kind, status, attributes }) => ({
        traceId,
        spanId,
        ...(parentSpanId === undefined ? {} : { parentSpanId }),
        name,
        kind,
        failed: status.code === 2,
        attributes: readAttributes(attributes),
        resource: readAttributes(resource.attributes),
      })),
  );
}

function readAttributes(attributes: readonly OtlpAttribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
