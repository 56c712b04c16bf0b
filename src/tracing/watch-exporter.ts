import type { SpanExporter } from '@opentelemetry/sdk-trace-node';

/** Told once of each. */
export interface ExporterWatch {
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
