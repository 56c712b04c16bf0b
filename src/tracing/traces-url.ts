/**
 * Returns the URL for spans from the standard environment; `undefined`: tracing is off.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 * @throws TypeError for a URL that is not http or https
 */
export function tracesUrl(env: {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
}): string | undefined {
  if (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return webUrl(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT).href;
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
  const url = webUrl(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

function webUrl(text: string): URL {
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('not an http URL');
  return url;
}
