import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { findKannel, runKannel } from '../support/kannel.ts';
import { launch } from '../support/system.ts';
import { testPort } from '../support/test-port.ts';
import { until } from '../support/until.ts';
import { configText } from './ours.ts';
import { cpuMicrosOf } from './process-cpu.ts';
import { type Figures, meter, phone, type Task, TEXT } from './scenario.ts';
import { startTextSink, type TextSink } from './text-sink.ts';

const AT_A_TIME = 50;
const WARM_UP = 500;
const PATIENCE_MS = 120_000;

/** How one text is handed in: an HTTP request, and the status of a server that accepted it. */
interface Door {
  readonly url: string;
  readonly accepted: number;
  request(to: string, text: string): { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: string };
}

/** Hands in texts to so many phones, one per request and 50 at a time, and waits until the vendor has all of them. */
async function feed(door: Door, sink: TextSink, first: number, count: number): Promise<void> {
  const pool = new Pool(new URL(door.url).origin, { connections: AT_A_TIME });
  let next = first;
  const client = async () => {
    while (next < first + count) {
      const index = next++;
      const { statusCode, body } = await pool.request({
        ...door.request(phone(index), `${TEXT} ${index}`),
        headers: { 'content-type': 'application/json' },
      });
      const answer = await body.text();
      if (statusCode !== door.accepted) throw new Error(`text ${index} was answered with ${statusCode}: ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, client));
  await until(async () => (await sink.arrivals()).phones >= first + count, PATIENCE_MS);
  await pool.close();
}

/** @throws when a text reached the vendor twice */
async function measure(door: Door, sink: TextSink, count: number, spent: () => number, redis?: Redis): Promise<Figures> {
  await feed(door, sink, 0, WARM_UP);
  const [gauge, startedAt, before] = [redis && (await meter(redis)), performance.now(), spent()];
  await feed(door, sink, WARM_UP, count);
  const rate = (count * 1_000) / (performance.now() - startedAt);
  const cpuMicrosEach = (spent() - before) / count;
  const redisMicrosEach = gauge === undefined ? 0 : ((await gauge.stop(count)).redisMicrosEach ?? Number.NaN);
  const { requests, phones } = await sink.arrivals();
  if (requests !== phones) throw new Error(`the vendor got ${requests} texts for ${phones} phones`);
  return { rate, cpuMicrosEach, ...(redis && { redisMicrosEach }), serverMicrosEach: cpuMicrosEach + redisMicrosEach };
}

/** Kannel: bearerbox and smsbox, with a store in a file, so that a kill loses nothing. */
export async function kannelPeer({ count }: Task): Promise<Figures> {
  const programs = findKannel();
  if (programs === undefined) throw new Error('Kannel is not installed');
  const sink = await startTextSink();
  try {
    const kannel = await runKannel(programs, {
      centreUrl: sink.url,
      reports: await testPort(),
      store: 'file',
      maxPendingSubmits: AT_A_TIME,
    });
    try {
      const { username, password } = kannel;
      const path = new URL(kannel.url).pathname;
      const request = (to: string, text: string) =>
        ({ method: 'GET', path: `${path}?${new URLSearchParams({ username, password, to, text })}` }) as const;
      const spent = () => kannel.pids.reduce<number>((sum, pid) => sum + cpuMicrosOf(pid), 0);
      return await measure({ url: kannel.url, accepted: 202, request }, sink, count, spent);
    } finally {
      await kannel.stop();
    }
  } finally {
    await sink.stop();
  }
}

/** A worker and a receiver, each a process, with the `http` provider. */
export async function oursAsPeer(task: Task): Promise<Figures> {
  const { redisUrl, count } = task;
  const sink = await startTextSink();
  const ends: (() => Promise<void>)[] = [];
  const redis = new Redis(redisUrl);
  try {
    const config = configText({ ...task, vendorUrl: sink.url }, 'http');
    const onEnd = (end: () => Promise<void>) => void ends.push(end);
    const worker = await launch({ kind: 'worker', config, redisUrl, onEnd });
    const receiver = await launch({ kind: 'receiver', config, redisUrl, onEnd });
    const request = (to: string, text: string) =>
      ({ method: 'POST', path: '/v1/alerts', body: JSON.stringify({ to, text, severity: 'critical' }) }) as const;
    const spent = () => cpuMicrosOf(worker.child.pid) + cpuMicrosOf(receiver.child.pid);
    return await measure({ url: receiver.url, accepted: 202, request }, sink, count, spent, redis);
  } finally {
    for (const end of ends) await end();
    redis.disconnect();
    await sink.stop();
  }
}
