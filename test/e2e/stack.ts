import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { metrics, total } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';

/** Something to watch: an exporter with one metric, `disk_full`, that the test turns. */
export async function startExporter(): Promise<{ readonly target: string; set(value: 0 | 1): void }> {
  let current = 0;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(`# TYPE disk_full gauge\ndisk_full ${current}\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (value) => {
      current = value;
    },
  };
}

export interface Alertmanager {
  /** Host and port. */
  readonly address: string;
  /** Webhook calls it made that were answered 2xx, and those that failed. */
  calls(): Promise<{ readonly done: number; readonly failed: number }>;
}

/** Posts to `webhook` at once, and again every second for as long as the alert fires. */
export async function startAlertmanager(binary: string, webhook: string): Promise<Alertmanager> {
  const config = {
    route: { receiver: 'sms', group_by: ['alertname'], group_wait: '0s', group_interval: '1s', repeat_interval: '1s' },
    receivers: [{ name: 'sms', webhook_configs: [{ url: webhook, send_resolved: true }] }],
  };
  const address = await startServer(binary, config, (dir) => [`--storage.path=${dir}`, '--cluster.listen-address=']);
  const requests = 'alertmanager_notification_requests';
  return {
    address,
    async calls() {
      const scrape = await metrics(`http://${address}`);
      const failed = total([scrape], `${requests}_failed_total`, 'integration="webhook"');
      return { done: total([scrape], `${requests}_total`, 'integration="webhook"') - failed, failed };
    },
  };
}

/** Watches the exporter and tells every Alertmanager of `rule`, as both halves of an HA pair are told. */
export async function startPrometheus(
  binary: string,
  options: { readonly target: string; readonly alertmanagers: readonly string[]; readonly rule: object },
): Promise<void> {
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ['rules.yml'],
    alerting: { alertmanagers: [{ static_configs: [{ targets: options.alertmanagers }] }] },
    scrape_configs: [{ job_name: 'disks', static_configs: [{ targets: [options.target] }] }],
  };
  const rules = stringify({ groups: [{ name: 'e2e', rules: [options.rule] }] });
  await startServer(binary, config, (dir) => [`--storage.tsdb.path=${join(dir, 'data')}`, '--rules.alert.resend-delay=1s'], {
    'rules.yml': rules,
  });
}

/** Scrapes our processes as `grafana/prometheus.yml` would, but often, under our own rules. Gives the address of its API. */
export async function startObserver(
  binary: string,
  targets: readonly string[],
  ruleFile: string,
  onEnd: (end: () => Promise<void>) => void,
): Promise<string> {
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: 'sms-dispatch', static_configs: [{ targets }] }],
  };
  const address = await startServer(binary, config, (dir) => [`--storage.tsdb.path=${join(dir, 'data')}`], {}, onEnd);
  return `http://${address}/api/v1`;
}

/** One of the Prometheus family, with its files in a directory of its own, until the test ends. Gives host and port. */
export async function startServer(
  binary: string,
  config: object,
  args: (dir: string) => readonly string[],
  files: Readonly<Record<string, string>> = {},
  onEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sms-stack-'));
  for (const [name, text] of Object.entries({ 'config.yml': stringify(config), ...files })) await writeFile(join(dir, name), text);
  const address = `127.0.0.1:${await testPort()}`;
  const child: ChildProcess = spawn(
    binary,
    [`--config.file=${join(dir, 'config.yml')}`, `--web.listen-address=${address}`, '--log.level=warn', ...args(dir)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  onEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await rm(dir, { recursive: true, force: true });
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${binary} ended with ${child.exitCode}: ${output}`);
    return (await fetch(`http://${address}/-/ready`)).ok;
  }, 30_000);
  return address;
}
