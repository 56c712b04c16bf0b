import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyMode } from '../support/tcp-proxy.ts';
import { observedNow } from './faults.ts';
import { disturb } from './network.ts';
import { blockLogs, stepClock } from './process-faults.ts';
import { BAD_DAY } from './provider-faults.ts';
import type { Random } from './random.ts';
import { accepts } from './recording-vendor.ts';
import type { Scenario } from './scenario.ts';
import { openScene, type Scene } from './scene.ts';
import { alternating } from './traffic.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly perSecond: number;
  /** Hears every few seconds how far it is. */
  readonly onProgress: (line: string) => void;
}

const PROGRESS_EVERY_MS = 5_000;
/** Many enough for the caps to hold back few of them. */
const phonesFor = (perSecond: number) => perSecond * 10;
const CAP = { max: 5, perSeconds: 20 } as const;

interface Fault {
  readonly name: string;
  /** `mood` is asked for every text. */
  run(scene: Scene, random: Random, mood: Random): Promise<void>;
}

const seconds = (random: Random, least: number, most: number) => random.between(least * 1000, most * 1000);

const FAULTS: readonly Fault[] = [
  {
    name: 'F1 a dispatcher is killed',
    async run(scene, random) {
      await scene.replace(random.between(0, 1), 'SIGKILL');
    },
  },
  {
    name: 'F4 Redis is killed',
    async run(scene, random) {
      const from = observedNow();
      const ended = scene.faults.start('Redis killed');
      await scene.redis.kill();
      await pause(seconds(random, 1, 10));
      await scene.redis.restart();
      ended(scene.redisUnanswered(from));
    },
  },
  {
    name: 'F5 Redis is frozen',
    async run(scene, random) {
      const from = observedNow();
      const ended = scene.faults.start('Redis frozen');
      scene.redis.process.kill('SIGSTOP');
      await pause(seconds(random, 1, 12));
      scene.redis.process.kill('SIGCONT');
      ended(scene.redisUnanswered(from));
    },
  },
  {
    name: 'F7 a dispatcher is cut off',
    async run(scene, random) {
      const index = random.between(0, scene.proxies.length - 1);
      const mode = random.pick<ProxyMode>(['blackhole', 'one-way', 'reset', 'refuse', { latencyMs: 300 }]);
      await disturb(scene, index, mode, seconds(random, 2, 15));
    },
  },
  {
    name: 'F35 the clock of a process steps',
    async run(scene, random) {
      const name = random.pick([...scene.clocks.keys()]);
      await stepClock(scene, name, random.pick([-1, 1]) * seconds(random, 600, 7_200), seconds(random, 3, 10));
    },
  },
  {
    name: 'F37 the reader of stdout stops',
    async run(scene, random) {
      await blockLogs(scene, random.between(0, 1), seconds(random, 5, 15));
    },
  },
  {
    name: 'F13 the first provider has a bad day',
    async run(scene, random, mood) {
      const before = scene.first.hits.length;
      scene.first.behave(() => mood.pick(BAD_DAY)());
      await pause(seconds(random, 2, 10));
      healthy(scene, mood);
      scene.faults.record(
        'a bad day of the first provider',
        scene.first.hits.slice(before).filter(({ answer }) => answer !== 'accepted').length,
      );
    },
  },
];

function healthy(scene: Scene, mood: Random): void {
  scene.first.behave(() => accepts(mood.between(20, 200)));
}

/** Two dispatchers under steady traffic, and one fault after the other, in an order and at times that the seed decides. */
export function soak({ minutes, perSecond, onProgress }: SoakOptions): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, concurrency: 50, cap: CAP, movedClocks: true, blockableLogs: true });
    const { random } = given;
    // However many texts come by, the faults stay the same.
    const mood = random.fork();
    healthy(scene, mood);
    const phones = phonesFor(perSecond);
    const started = performance.now();
    const stop = scene.traffic.flow(perSecond, alternating, (index) => `+6011${10_000_009 + ((index * 7) % phones) * 10}`);
    const met = new Map<string, number>();
    let last = 'none yet';

    const timer = setInterval(async () => {
      const inFlight = (await Promise.race([scene.inFlight().catch(() => undefined), pause(2_000)])) ?? '?';
      const minute = ((performance.now() - started) / 60_000).toFixed(1);
      const texts = `${scene.traffic.raised.length} accepted, ${scene.hits().length} hits, ${inFlight} in flight`;
      onProgress(`minute ${minute} of ${minutes}: ${texts}, last fault: ${last}`);
    }, PROGRESS_EVERY_MS);
    given.onEnd(async () => clearInterval(timer));

    while (performance.now() - started < minutes * 60_000) {
      const fault = random.pick(FAULTS);
      last = fault.name;
      met.set(fault.name, (met.get(fault.name) ?? 0) + 1);
      await fault.run(scene, random, mood);
      await pause(seconds(random, 2, 6));
    }
    await stop();
    last = 'over; draining';
    const history = await scene.conclude({ deadlineMs: 180_000 });
    clearInterval(timer);
    const faults = [...met].sort().map(([name, times]) => `${times} × ${name}`);
    return { history, note: `${scene.traffic.refusals} refusals at the door; ${faults.join(', ')}` };
  };
}
