import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { SystemProcess } from '../support/system.ts';
import { until } from '../support/until.ts';
import { accepts } from './recording-vendor.ts';
import { type Given, type Scenario, unmet } from './scenario.ts';
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
    const states = [...history.histories.values()].flatMap(({ messages }) => messages.map(({ state }) => state));
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
  const doubts = [...history.histories.values()].flatMap(({ messages }) => messages).flatMap(({ attempts }) => attempts);
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
  const door = starve(scene.door, given);
  const dispatcher = starve(scene.dispatchers[0] as SystemProcess, given);
  const ended = scene.faults.start('a dispatcher without a free descriptor', scene.nameOf(0));
  await pause(8_000);
  ended(await dispatcher.end());
  scene.faults.record('a door without a free descriptor', await door.end());
  await pause(2_000);
  await stop();
  return { history: await scene.conclude() };
};

/** Between two attempts to fill the table: a descriptor that the process gives up is free no longer. */
const REFILL_EVERY_MS = 20;

/**
 * Lets a process have no descriptor beyond those in use, as a leak or too low a limit does: the limit is set to the lowest number
 * that is free, and connections that say nothing take each one that becomes free below it.
 * @returns how to end it, which resolves with the number of connections that were turned away
 */
function starve({ child, url }: SystemProcess, { onEnd }: Pick<Given, 'onEnd'>): { end(): Promise<number> } {
  const pid = child.pid as number;
  const { hostname, port } = new URL(url);
  const held = new Set<Socket>();
  let refused = 0;
  let isOver = false;
  limitDescriptors(pid, lowestFree(pid));
  const filling = setInterval(() => {
    const socket = connect(Number(port), hostname);
    held.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      held.delete(socket);
      if (!isOver) refused += 1;
    });
  }, REFILL_EVERY_MS);
  const end = async () => {
    if (isOver) return refused;
    isOver = true;
    clearInterval(filling);
    if (child.exitCode === null && child.signalCode === null) limitDescriptors(pid, 4096);
    for (const socket of held) socket.destroy();
    return refused;
  };
  onEnd(end);
  return { end };
}

/** The limit is on the number of a descriptor, not on how many there are. https://man7.org/linux/man-pages/man2/getrlimit.2.html */
function lowestFree(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let free = 0;
  while (used.has(free)) free += 1;
  return free;
}

/** Of the soft limit alone, so that it can be lifted again. https://man7.org/linux/man-pages/man1/prlimit.1.html */
function limitDescriptors(pid: number, most: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${most}:`]);
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
