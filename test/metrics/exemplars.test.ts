import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { asksForOpenMetrics } from '../../src/http/server/operation-routes.ts';
import { createMetrics, type MetricsOptions } from '../../src/metrics/metrics.ts';
import { startServer } from '../e2e/stack.ts';
import { until } from '../support/until.ts';
import { findTool, run } from './tools.ts';

const trace = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
const create = (exemplar?: MetricsOptions['exemplar']) => {
  const metrics = createMetrics({ providers: ['sns'], version: '0.1.0', role: 'start', ...(exemplar && { exemplar }) });
  metrics.accepted({ provider: 'sns', severity: 'critical', segments: 1, seconds: 2, at: new Date(1_000) });
  metrics.providerRequest({ provider: 'sns', result: 'accepted', reason: 'none', seconds: 0.2 });
  metrics.providerRequest({ provider: 'sns', result: 'unknown', reason: 'unknown_outcome' });
  metrics.delivered('sns', 3);
  return metrics;
};
/** Ours alone: those of the process never stand still. */
const ours = (text: string) => text.split('\n').filter((line) => /^(?:# \w+ )?sms_/.test(line));

it('a request for plain text gets the same, traced or not, before and after a request for OpenMetrics', async () => {
  const plain = ours(await create().text());
  const traced = create(() => trace);
  expect(ours(await traced.text())).toEqual(plain);
  await traced.openMetrics?.text();
  expect(ours(await traced.text())).toEqual(plain);
  expect(create().openMetrics).toBeUndefined();
});

it('both formats count with the same counters, and only durations link to traces', async () => {
  const metrics = create(() => trace);
  for (const round of [1, 2]) {
    const open = (await metrics.openMetrics?.text()) ?? '';
    expect(open).toContain(`sms_provider_requests_total{provider="sns",result="accepted",reason="none"} ${round}\n`);
    expect(await metrics.text()).toContain(`sms_provider_requests_total{provider="sns",result="accepted",reason="none"} ${round}\n`);
    const leading = open.split('\n').filter((line) => line.includes(trace.trace_id));
    expect(leading.map((line) => line.replace(/ [\d.]+$/, ' <now>'))).toEqual([
      `sms_provider_request_duration_seconds_bucket{le="0.25",provider="sns"} ${round} # {trace_id="${trace.trace_id}",span_id="${trace.span_id}"} 0.2 <now>`,
      `sms_alert_to_accepted_seconds_bucket{le="2.5",severity="critical"} 1 # {trace_id="${trace.trace_id}",span_id="${trace.span_id}"} 2 <now>`,
    ]);
    metrics.providerRequest({ provider: 'sns', result: 'accepted', reason: 'none', seconds: 0.2 });
  }
});

it('what happens outside of any trace leads nowhere', async () => {
  expect(await create(() => undefined).openMetrics?.text()).not.toContain('# {');
});

const promtool = findTool('promtool');
it.skipIf(promtool === undefined)('promtool finds nothing to say about the plain text', async () => {
  expect(run(promtool as string, ['check', 'metrics'], await create(() => trace).text())).toEqual({ code: 0, output: '' });
});

const prometheus = findTool('prometheus');
describe.skipIf(prometheus === undefined)('a real Prometheus', () => {
  it('reads every metric in the format that it asks for, and keeps the exemplars', async () => {
    const metrics = create(() => trace);
    const formats: string[] = [];
    const exporter = createServer(async (request, response) => {
      const { contentType, text } = (asksForOpenMetrics(request.headers.accept) && metrics.openMetrics) || metrics;
      formats.push(contentType);
      response.setHeader('content-type', contentType).end(await text());
    }).listen(0, '127.0.0.1');
    await once(exporter, 'listening');
    onTestFinished(() => {
      exporter.closeAllConnections();
      exporter.close();
    });
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [{ job_name: 'us', static_configs: [{ targets: [`127.0.0.1:${(exporter.address() as AddressInfo).port}`] }] }],
    };
    const address = await startServer(prometheus as string, config, (dir) => [
      `--storage.tsdb.path=${dir}/data`,
      '--enable-feature=exemplar-storage',
    ]);
    const ask = async <T>(path: string): Promise<T> =>
      ((await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { data: T }).data;
    const metric = 'sms_provider_request_duration_seconds_bucket';
    const now = Math.ceil(Date.now() / 1000);
    const kept = await until(async () => {
      const found = await ask<{ exemplars: { labels: object; value: string }[] }[]>(
        `query_exemplars?query=${metric}&start=${now - 60}&end=${now + 60}`,
      );
      return found[0]?.exemplars[0];
    });
    expect(kept).toMatchObject({ labels: trace, value: '0.2' });
    expect(formats[0]).toMatch(/^application\/openmetrics-text/);

    const names = await ask<string[]>('label/__name__/values');
    const plain = new Set(
      (await metrics.text())
        .split('\n')
        .filter((line) => line.startsWith('sms_'))
        .map((line) => line.replace(/[{ ].*/, '')),
    );
    expect(names.filter((name) => name.startsWith('sms_'))).toEqual([...plain].sort());
  });
});
