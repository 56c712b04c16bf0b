import { context, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-node';

/** Callbacks, each called once per change. */
interface ExporterWatch {
  /** `cause`: a code or an HTTP status, never a message, which may quote the address or a header. */
  onLost(cause: string): void;
  onRecovered(): void;
}

const SUCCESS = 0;

/** Wraps an exporter and reports when its collector fails and recovers. Spans that failed to export are lost. */
export function watchExporter(exporter: SpanExporter, { onLost, onRecovered }: ExporterWatch): SpanExporter {
  let lost = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== SUCCESS;
        if (failed && !lost) onLost(causeOf(result.error));
        if (!failed && lost) onRecovered();
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
  /** URL to which spans are posted as OTLP over HTTP in JSON, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** Service name, unless `OTEL_SERVICE_NAME` sets another. */
  readonly serviceName: string;
  readonly version: string;
  readonly watch: ExporterWatch;
}

export interface Tracing {
  /** Exports remaining spans within 2 s; never rejects. */
  stop(): Promise<void>;
}

const LAST_WORDS_MS = 2_000;

/**
 * Starts tracing of the process. The only place that loads the SDK, which reads the other standard
 * environment variables itself: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
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
  // We read and write the traceparent ourselves: see traceparent.ts.
  provider.register({ propagator: null });
  return {
    stop: async () => {
      await atMost(LAST_WORDS_MS, provider.shutdown());
      trace.disable();
      context.disable();
    },
  };
}

/** Waits for the work to settle, but not longer than `ms`. */
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
