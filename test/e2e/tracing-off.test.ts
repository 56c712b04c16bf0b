import { createRequire } from 'node:module';
import { expect, it, onTestFinished } from 'vitest';
import { createDispatcher, createReceiver, createRouter } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { openTracing } from '../../workers/open-tracing.ts';
import { openQueue } from '../queue/support/queue-bench.ts';
import { testRedis } from '../support/redis.ts';
import { call, post, settled } from '../support/system.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();
const logger = () => {
  const lines: string[] = [];
  return { lines, logger: createLogger('info', { write: (line) => void lines.push(line) }) };
};

/** The SDK is CommonJS, so whatever of it is loaded is in here. The bare API, which gives out spans that are none, is not of it. */
function isSdkLoaded(): boolean {
  return Object.keys(createRequire(import.meta.url).cache).some((path) => /\/@opentelemetry\/(?!api\/)/.test(path));
}

it('without a collector nothing of the SDK is loaded, and jobs, logs, traces and metrics are what they always were', async () => {
  const path = await writeConfig(`
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, providers: [desk] }]
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const { config } = loadConfig({ path, env: {} });
  const { lines, logger: own } = logger();
  expect(await openTracing({ PATH: '/usr/bin' }, own)).toBeUndefined();
  const deps = { config, redisUrl, logger: own };
  const receiver = createReceiver(deps);
  onTestFinished(() => receiver.stop());
  const url = `http://127.0.0.1:${(await receiver.start()).httpPort}`;

  const [id = ''] = await post(url, { to: '+60123450001', severity: 'critical', text: 'off' });
  const { queue } = openQueue(redisUrl, prefix, ALERT_QUEUE);
  const [job] = await queue.getJobs(['waiting', 'prioritized']);
  expect(job?.opts).not.toHaveProperty('telemetry');

  const workers = [createRouter(deps), createDispatcher(deps)];
  for (const worker of workers) {
    onTestFinished(() => worker.stop());
    await worker.start();
  }
  const trace = await settled(url, id, ['accepted', 'delivered']);
  expect(JSON.stringify(trace)).not.toContain('traceId');
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('')).not.toContain('trace_id');

  const asked = await call<string>(`${url}/metrics`, { headers: { accept: 'application/openmetrics-text;version=1.0.0' } });
  expect(asked.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(asked.body).not.toContain('# EOF');
  expect(isSdkLoaded()).toBe(false);
});

it('an address that is none is said, and stops nothing', async () => {
  const { lines, logger: own } = logger();
  expect(await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, own)).toBeUndefined();
  expect(lines.join('')).toContain('tracing is off');
  expect(isSdkLoaded()).toBe(false);
});

it('with a collector the SDK is loaded, and the log names its host and no more of its address', async () => {
  const { lines, logger: own } = logger();
  const tracing = await openTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:key-of-mine@127.0.0.1:9/path-of-mine' }, own);
  expect(isSdkLoaded()).toBe(true);
  expect(lines.join('')).toContain('127.0.0.1:9');
  expect(lines.join('')).not.toContain('of-mine');
  await tracing?.stop();
});
