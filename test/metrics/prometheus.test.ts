import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { freePort } from '../../src/redis/free-port.ts';
import { until } from '../support/until.ts';
import { expressions, filledIn, RULES, readDashboard } from './dashboard.ts';
import { findTool } from './tools.ts';

const prometheus = findTool('prometheus');
const dashboard = readDashboard();

const metrics = createMetrics({
  providers: ['twilio-main', 'sns'],
  version: '0.1.0',
  role: 'start',
  sources: {
    inFlight: async () => 2,
    queues: async () => [
      { queue: 'sms-messages', counts: { waiting: 1, prioritized: 0, active: 1, delayed: 0, failed: 1 }, oldestAgeSeconds: 3 },
    ],
    budgets: async () => [
      { period: 'hour', spent: 500_000, reserved: 0, budget: { soft: 5_000_000, hard: 10_000_000 }, sinceMs: 60_000, leftMs: 3_540_000 },
    ],
  },
});

metrics.learnChannels(['ops-chat']);

/** A little of everything that the dashboard shows only when it happens. */
function misfortune(): void {
  metrics.accepted({ provider: 'sns', severity: 'critical', segments: 1, seconds: 2, at: new Date() });
  metrics.providerRequest({ provider: 'sns', result: 'refused', reason: 'throttled', seconds: 0.1 });
  metrics.retried('sns', 'throttled');
  metrics.unlistedCode('sns');
  metrics.noticeEnded({ channel: 'ops-chat', result: 'accepted' });
  metrics.failedOver('sns', 'twilio-main');
  metrics.unknownResolved('sns', 'held');
  metrics.deferred('rate_cap_recipient');
  metrics.messageSettled({ state: 'unknown', reason: 'unknown_outcome', severity: 'error' });
  metrics.alertSettled({ outcome: 'suppressed', reason: 'duplicate' });
}

describe.skipIf(prometheus === undefined)('a real Prometheus that scrapes us', () => {
  const cleanups: (() => unknown)[] = [];
  let api: string;

  const query = async (promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const response = await fetch(`${api}/query?query=${encodeURIComponent(promql)}`);
    const body = (await response.json()) as { status: string; error?: string; data: { result: [] } };
    if (body.status !== 'success') throw new Error(body.error);
    return body.data.result;
  };

  beforeAll(async () => {
    metrics.circuit('sns', 'open');
    const exporter = createServer(async (_request, response) => {
      response.setHeader('content-type', metrics.contentType).end(await metrics.text());
      misfortune();
    }).listen(0, '127.0.0.1');
    await once(exporter, 'listening');
    cleanups.push(() => exporter.close());

    const dir = await mkdtemp(join(tmpdir(), 'sms-prometheus-'));
    cleanups.push(() => rm(dir, { recursive: true, force: true }));
    const target = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [RULES.pathname],
      scrape_configs: [{ job_name: 'sms-dispatch', static_configs: [{ targets: [target] }] }],
    };
    await writeFile(join(dir, 'prometheus.yml'), stringify(config));

    const port = await freePort();
    api = `http://127.0.0.1:${port}/api/v1`;
    const child: ChildProcess = spawn(
      prometheus as string,
      [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    cleanups.unshift(async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    });
    await until(async () => (await query('sum(increase(sms_segments_total{provider="sns"}[10s])) > 1')).length === 1, 45_000, 200);
  });

  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  it.each(expressions(dashboard).map(({ title, expr }) => [title, expr] as const))('has an answer for "%s": %s', async (_title, expr) => {
    expect((await query(filledIn(expr, '10s'))).length).toBeGreaterThan(0);
  });

  it('sees a metric move before its first event, so the first failure counts', async () => {
    const [first] = await query('increase(sms_provider_requests_total{provider="sns",reason="auth"}[10s])');
    expect(first?.value[1]).toBe('0');
  });

  it('fills the variables of the dashboard', async () => {
    for (const variable of dashboard.templating.list.filter(({ type }) => type === 'query')) {
      const [, metric, label] = /label_values\((\w+), (\w+)\)/.exec((variable.query as { query: string }).query) ?? [];
      const found = await fetch(`${api}/label/${label}/values?match[]=${metric}`);
      expect(((await found.json()) as { data: string[] }).data.length).toBeGreaterThan(1);
    }
  });
});
