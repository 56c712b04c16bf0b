import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts';
import { fullPathWith } from './ours.ts';
import type { Figures, Task } from './scenario.ts';

/** The full path while somebody has the console open and a Prometheus scrapes every 5 s. */
export async function watched(task: Task): Promise<Figures> {
  const script = fileURLToPath(new URL('./viewer.js', import.meta.url));
  return fullPathWith(task, { console: true }, async (port) => {
    const viewer = spawn(process.execPath, [script, `http://127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(viewer.stdout, 'data');
    return () => viewer.kill();
  });
}

/** What counting costs: everything that the metrics are told in the life of one alert, again and again. */
export async function counting({ count }: Task): Promise<Figures> {
  const metrics = createMetrics({ providers: ['bench'], version: '0', role: 'start' });
  for (let i = 0; i < count; i++) oneLife(metrics);
  const cpu = process.cpuUsage();
  for (let i = 0; i < count; i++) oneLife(metrics);
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMicrosEach: (user + system) / count };
}

function oneLife(observer: Metrics): void {
  const at = new Date();
  observer.alertReceived({ severity: 'critical', purpose: 'alert' });
  observer.alertSettled({ outcome: 'routed', reason: 'none' });
  observer.messagesCreated('critical', 1);
  observer.providerRequest({ provider: 'bench', result: 'accepted', reason: 'none', seconds: 0.01 });
  observer.accepted({ provider: 'bench', severity: 'critical', segments: 1, seconds: 0.02, at });
  observer.messageSettled({ state: 'accepted', reason: 'none', severity: 'critical' });
  observer.receipt('bench', 'delivered');
  observer.delivered('bench', 1);
}
