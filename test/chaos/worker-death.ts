import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { trace } from '../support/system.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { observedNow } from './faults.ts';
import type { Raised } from './history.ts';
import { accepts } from './recording-vendor.ts';
import { type Scenario, type Told, unmet } from './scenario.ts';
import { openScene, type Scene } from './scene.ts';
import { alternating } from './traffic.ts';

const KILL_EVERY_MS = 700;
const STORM_DEADLINE_MS = 60_000;

/** So many texts, two dispatchers, and every 700 ms one of them is killed while it sends. */
export function killStorm(texts: number, onUnknown: 'resend' | 'hold'): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, onUnknown, concurrency: 4 });
    const mood = given.random.fork();
    scene.first.behave(() => accepts(mood.between(200, 400)));
    await scene.traffic.raise(texts, () => ({ severity: 'critical', onUnknown }));
    const kills = await killUntil(scene, given.random.pick, () => new Set(scene.hits().map(({ messageId }) => messageId)).size >= texts);
    const history = await scene.conclude();
    return { history, note: `${kills} killed` };
  };
}

async function killUntil(scene: Scene, pick: <T>(list: readonly T[]) => T, done: () => boolean): Promise<number> {
  const replacements: Promise<unknown>[] = [];
  let kills = 0;
  const end = performance.now() + STORM_DEADLINE_MS;
  while (!done() && performance.now() < end) {
    await pause(KILL_EVERY_MS);
    const alive = [...scene.dispatchers.keys()].filter((index) => scene.dispatchers[index] !== undefined);
    if (alive.length === 0) continue;
    kills += 1;
    replacements.push(scene.replace(pick(alive), 'SIGKILL'));
  }
  await Promise.all(replacements);
  return kills;
}

/** A dispatcher dies within a few ms of the vendor's answer: before it wrote that down, or after, with the job still its own. */
export const killedAtTheAnswer: Scenario = async (given) => {
  const scene = await openScene(given);
  for (let round = 0; round < 4; round++) {
    const before = scene.first.hits.length;
    const raised = await scene.traffic.raise(10, alternating);
    await until(() => scene.first.hits.length > before, 30_000, 1);
    if (round % 2 === 0) await pause(given.random.between(0, 15));
    else await until(() => anyAccepted(scene, raised), 30_000, 1);
    const answered = scene.first.hits.filter(({ answeredAtMs = 0 }) => observedNow() - answeredAtMs < 1_000).length;
    scene.kill(0, { what: 'a dispatcher killed within 1 s of an answer', effect: answered });
    await scene.replace(0, 'SIGKILL');
  }
  return { history: await scene.conclude() };
};

async function anyAccepted({ door }: Scene, raised: readonly Raised[]): Promise<boolean> {
  const histories = await Promise.all(raised.map(({ alertId }) => trace(door.url, alertId)));
  return histories.some(({ messages }) => messages.some(({ state }) => state === 'accepted'));
}

/** A dispatcher dies with an attempt open that never reached the vendor. */
export const killedBeforeTheCall: Scenario = async (given) => {
  const connections: (() => number)[] = [];
  let heal: () => Promise<void> = async () => undefined;
  const scene = await openScene(given, {
    timeout: '3s',
    firstUrl: async (vendor) => {
      const proxy = await startTcpProxy(Number(new URL(vendor.url).port));
      given.onEnd(() => proxy.close());
      await proxy.set('blackhole');
      connections.push(() => proxy.connections);
      // What was on its way dies with its sender.
      heal = async () => {
        await proxy.set('reset');
        await proxy.set('pass');
      };
      return `http://127.0.0.1:${proxy.port}`;
    },
  });
  await scene.traffic.raise(4, alternating);
  await until(() => connections.every((count) => count() >= 4));
  const onTheirWay = connections.reduce((sum, count) => sum + count(), 0);
  scene.kill(0, { what: 'a dispatcher killed with requests on their way', effect: onTheirWay });
  await heal();
  await scene.replace(0, 'SIGKILL');
  const history = await scene.conclude();
  const states = [...history.histories.values()].flatMap(({ messages }) => messages).map(({ severity, state }) => `${severity} ${state}`);
  const all = (what: string) => states.filter((state) => state === what).length === 2;
  return {
    history,
    broken: unmet({ 'criticals were sent once': all('critical accepted'), 'warnings are unknown': all('warning unknown') }),
  };
};

/** A dispatcher is frozen for longer than its locks and leases, while another takes over, and then comes back. */
export const frozenDispatcher: Scenario = async (given) => {
  const scene = await openScene(given, { dispatchers: 2, concurrency: 4 });
  scene.first.behave(() => accepts(500));
  await scene.traffic.raise(20, alternating);
  await until(() => scene.first.hits.length >= 8);
  const ended = scene.faults.start('a dispatcher frozen with calls open', scene.nameOf(0));
  scene.dispatchers[0]?.kill('SIGSTOP');
  const open = scene.openCalls(0);
  await pause(14_000);
  const isFrozen = stateOf(scene.dispatchers[0]?.child.pid) === 'T';
  scene.dispatchers[0]?.kill('SIGCONT');
  ended(isFrozen ? open : 0);
  return { history: await scene.conclude() };
};

/** The state of a process by the kernel: `T` is stopped. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function stateOf(pid: number | undefined): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0];
}

/** Dispatchers are told to end, one after the other, and replaced, while texts keep coming. */
export const rollingRestart: Scenario = async (given) => {
  // Nothing may be in doubt, however busy the machine is.
  const scene = await openScene(given, { dispatchers: 2, timeout: '10s' });
  scene.first.behave(() => accepts(200));
  const stop = scene.traffic.flow(40, alternating);
  const codes: (number | null)[] = [];
  for (const index of [0, 1, 0, 1]) codes.push(await scene.replace(index, 'SIGTERM'));
  await stop();
  const history = await scene.conclude();
  return { history, broken: [...unmet({ 'each drained and ended with 0': codes.every((code) => code === 0) }), ...doubted(history)] };
};

/** Where nothing may even be in doubt. */
function doubted({ histories }: Told['history']): string[] {
  const doubts = [...histories.values()]
    .flatMap(({ messages }) => messages.flatMap(({ attempts }) => attempts))
    .filter(({ result }) => result !== 'accepted');
  return doubts.length === 0 ? [] : [`${doubts.length} attempt(s) that did not just end well`];
}
