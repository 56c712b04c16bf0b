import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { SystemProcess } from '../support/system.ts';
import { until } from '../support/until.ts';
import { accepts } from './recording-vendor.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene, type Scene } from './scene.ts';
import { alternating, phoneOf } from './traffic.ts';

/** The wall clock of one process after the other steps by so much, to one side and then to the other, and back. */
export function steppedClocks(byMs: number): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, movedClocks: true, concurrency: 10 });
    scene.first.behave(() => accepts(200));
    const stop = scene.traffic.flow(15, alternating);
    await until(() => scene.first.hits.length >= 10);
    for (const name of scene.clocks.keys()) for (const ms of [byMs, -byMs]) await stepClock(scene, name, ms, 3_000);
    await stop();
    const history = await scene.conclude();
    const states = [...history.traces.values()].flatMap(({ messages }) => messages.map(({ state }) => state));
    return { history, broken: unmet({ 'all were accepted': states.every((state) => state === 'accepted') }) };
  };
}

/** The clock of one process is wrong for a while; the `Date` of its answers proves it. */
export async function stepClock({ clocks, processOf, faults }: Scene, name: string, ms: number, forMs: number): Promise<void> {
  const process = processOf(name);
  await clocks.get(name)?.step(ms);
  await pause(forMs);
  const wrongMs = process === undefined ? 0 : (await wallClock(process)) - Date.now();
  await clocks.get(name)?.step(0);
  faults.record('the wall clock of a process stepped', Math.abs(wrongMs - ms) < 60_000 ? 1 : 0);
}

async function wallClock({ url }: SystemProcess): Promise<number> {
  const { headers } = await fetch(`${url}/healthz`);
  return Date.parse(headers.get('date') ?? '');
}

/** The reader of a dispatcher's stdout stops for longer than locks and watchdogs last. */
export const blockedLogs: Scenario = async (given) => {
  const scene = await openScene(given, {
    dispatchers: 2,
    blockableLogs: true,
    concurrency: 10,
    env: { LOG_LEVEL: 'debug' },
  });
  scene.first.behave(() => accepts(100));
  const stop = scene.traffic.flow(20, alternating);
  await until(() => scene.first.hits.some(({ process }) => process === scene.nameOf(0)));
  const sent = await blockLogs(scene, 0, 15_000);
  await stop();
  const history = await scene.conclude();
  const doubts = [...history.traces.values()].flatMap(({ messages }) => messages).flatMap(({ attempts }) => attempts);
  return {
    history,
    broken: unmet({
      'the dispatcher went on sending': sent > 0,
      'nothing was in doubt': doubts.every(({ result }) => result === 'accepted'),
    }),
    note: `${sent} sent behind a blocked stdout`,
  };
};

/** Stops reading the stdout of a dispatcher for a while. Returns how many texts it sent in the second half of it. */
export async function blockLogs(scene: Scene, index: number, forMs: number): Promise<number> {
  const pipe = scene.logs[index];
  const hits = () => scene.hits().filter(({ process }) => process === scene.nameOf(index)).length;
  const filled = (await pipe?.block()) ?? 0;
  await pause(forMs / 2);
  const before = hits();
  await pause(forMs / 2);
  const sent = hits() - before;
  // A pipe that took more in the end was read meanwhile.
  const isFull = (await pipe?.block()) === 0;
  pipe?.release();
  scene.faults.record('stdout of a dispatcher blocked', isFull ? filled : 0);
  return sent;
}

/** A dispatcher and the door may open no file and no connection more than they have. */
export const noDescriptors: Scenario = async (given) => {
  const scene = await openScene(given, { dispatchers: 2, concurrency: 20 });
  scene.first.behave(() => accepts(400));
  const stop = scene.traffic.flow(30, alternating);
  await until(() => scene.first.hits.length >= 20);
  const starved = [scene.door, scene.dispatchers[0]].map((process) => process?.child.pid as number);
  const ended = scene.faults.start('a process without a free descriptor', scene.nameOf(0));
  for (const pid of starved) limitDescriptors(pid, descriptorsOf(pid));
  await pause(500);
  const probes = await Promise.all([scene.door, scene.dispatchers[0]].map((process) => isDeaf(process as SystemProcess)));
  await pause(8_000);
  for (const pid of starved) limitDescriptors(pid, 4096);
  ended(probes.filter(Boolean).length);
  await pause(2_000);
  await stop();
  return { history: await scene.conclude() };
};

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Of the soft limit alone, so that it can be lifted again. https://man7.org/linux/man-pages/man1/prlimit.1.html */
function limitDescriptors(pid: number, most: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${most}:`]);
}

/** A new connection gets no answer. */
async function isDeaf({ url }: SystemProcess): Promise<boolean> {
  const answer = fetch(`${url}/healthz`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) });
  return answer.then(
    () => false,
    () => true,
  );
}

/** Alerts of a thousand phones, and more texts than the heap of a process would hold. */
export function smallHeap(heapMb: number, alerts: number): Scenario {
  return async (given) => {
    const phonesOf = (index: number) => Array.from({ length: 1_000 }, (_, nth) => phoneOf(index * 1_000 + nth));
    const scene = await openScene(given, { dispatchers: 1, concurrency: 50, heapMb });
    await scene.traffic.raise(alerts, alternating, phonesOf);
    const history = await scene.conclude({ deadlineMs: 180_000 });
    scene.faults.record(`a heap of ${heapMb} MB`, history.hits.length);
    return { history };
  };
}
