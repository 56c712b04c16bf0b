import type { Logger } from '../src/logger.ts';
import type { Environment } from '../src/setting/environment.ts';
import { startTracing, type Tracing } from '../src/tracing/start-tracing.ts';
import { tracesUrl } from '../src/tracing/traces-url.ts';
import { version } from '../src/version.ts';

/** Starts tracing where the environment names a collector. A faulty collector never stops sending. */
export async function openTracing(env: Environment, logger: Logger): Promise<Tracing | undefined> {
  const url = readUrl(env, logger);
  if (url === undefined) return undefined;
  // Without path and user, which may contain a key.
  const collector = new URL(url).host;
  const tracing = await startTracing({
    url,
    serviceName: 'sms-dispatch',
    version,
    watch: {
      onLost: (cause) => logger.warn({ collector, cause }, 'trace collector unreachable; dropping spans'),
      onRecovered: () => logger.info({ collector }, 'trace collector accepts spans again'),
    },
  });
  logger.info({ collector }, 'tracing enabled');
  return tracing;
}

function readUrl(env: Environment, logger: Logger): string | undefined {
  try {
    return tracesUrl(env);
  } catch {
    logger.error('OTEL_EXPORTER_OTLP_ENDPOINT is not a URL; tracing is off');
    return undefined;
  }
}
