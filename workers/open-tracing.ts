import type { Logger } from '../src/logger.ts';
import type { Environment } from '../src/setting/environment.ts';
import { startTracing, type Tracing } from '../src/tracing/start-tracing.ts';
import { tracesUrl } from '../src/tracing/traces-url.ts';
import { version } from '../src/version.ts';

/** Traces from now on, where the environment names a collector. Whatever is wrong with it, texts go out without it. */
export async function openTracing(env: Environment, logger: Logger): Promise<Tracing | undefined> {
  const url = readUrl(env, logger);
  if (url === undefined) return undefined;
  // Neither path nor user, which may hold a key.
  const collector = new URL(url).host;
  const tracing = await startTracing({
    url,
    serviceName: 'sms-dispatch',
    version,
    watch: {
      onLost: (cause) => logger.warn({ collector, cause }, 'the collector takes no spans: they are dropped until it does'),
      onWell: () => logger.info({ collector }, 'the collector takes spans again'),
    },
  });
  logger.info({ collector }, 'tracing is on');
  return tracing;
}

function readUrl(env: Environment, logger: Logger): string | undefined {
  try {
    return tracesUrl(env);
  } catch {
    logger.error('OTEL_EXPORTER_OTLP_ENDPOINT is no http URL: nothing is traced');
    return undefined;
  }
}
