import { context, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';

/** Told once of each. */
interface ExporterWatch {
  /** `cause`: a code or an HTTP status, never words, which may quote the address or a header. */
  onLost(cause: string): void;
  onWell(): void;
}

const SUCCESS = 0;

/** An exporter that tells when its collector goes away and when it is back. What could not be exported meanwhile is gone. */
export function watchExporter(exporter: SpanExporter, { onLost, onWell }: ExporterWatch): SpanExporter {
  let lost = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== SUCCESS;
        if (failed && !lost) onLost(causeOf(result.error));
        if (!failed && lost) onWell();
        lost = failed;
        done(result);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

function causeOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  const { code } = error ?? {};
  return typeof code === 'string' || typeof code === 'number' ? String(code) : (error?.name ?? 'unknown');
}

interface TracingOptions {
  /** Where spans are posted as OTLP over HTTP in JSON, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** What traces show as our name, where `OTEL_SERVICE_NAME` gives no other. */
  readonly serviceName: string;
  readonly version: string;
  readonly watch: ExporterWatch;
}

export interface Tracing {
  /** Exports what is left, for as long as a process that ends can wait; never rejects. */
  stop(): Promise<void>;
}

const LAST_WORDS_MS = 2_000;

/**
 * From now on whatever the process does is traced. The only place that loads the SDK, which reads the rest of the
 * standard environment by itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function startTracing({ url, serviceName, version, watch }: TracingOptions): Promise<Tracing> {
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } = resources;
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(watchExporter(new OTLPTraceExporter({ url }), watch))],
  });
  // What goes over the wire is ours to write and read: see traceparent.ts.
  provider.register({ propagator: null });
  return {
    stop: async () => {
      await atMost(LAST_WORDS_MS, provider.shutdown());
      trace.disable();
      context.disable();
    },
  };
}

/** However the work ends, and whether it does. */
function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    work.then(end, end);
  });
}
