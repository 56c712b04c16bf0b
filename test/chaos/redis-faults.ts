import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis, type Redis } from '../../src/redis/connect.ts';
import { call } from '../support/system.ts';
import { until } from '../support/until.ts';
import { observedNow } from './faults.ts';
import { accepts } from './recording-vendor.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene, type Scene, type SceneOptions } from './scene.ts';
import { alternating } from './traffic.ts';

const PER_SECOND = 20;
const CAP = { max: 3, perSeconds: 5 } as const;
/** Few enough for the cap to hold some of their texts back. */
const PHONES = 60;
const phoneOf = (index: number) => `+6011${10_000_009 + (index % PHONES) * 10}`;

/** Texts keep coming while Redis is away, on the wire when it goes; recovery is timed from its first PING. */
function whileAway(leave: (scene: Scene) => Promise<void>, awayMs: number, comeBack: (scene: Scene) => Promise<void>): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, cap: CAP });
    scene.first.behave(() => accepts(400));
    const stop = scene.traffic.flow(PER_SECOND, alternating, phoneOf);
    await until(() => scene.first.hits.length >= 20);
    const from = observedNow();
    const ended = scene.faults.start('Redis was away');
    await leave(scene);
    await pause(awayMs);
    const known = scene.traffic.raised.length;
    await comeBack(scene);
    ended(scene.redisUnanswered(from));
    const back = performance.now();
    await until(() => scene.traffic.raised.length > known, 30_000);
    const recoveredMs = Math.round(performance.now() - back);
    await pause(2_000);
    await stop();
    return {
      history: await scene.conclude(),
      broken: unmet({ 'the door took alerts again within 5 s': recoveredMs < 5_000 }),
      note: `door back after ${recoveredMs} ms`,
    };
  };
}

export const killed = (awayMs: number): Scenario =>
  whileAway(
    ({ redis }) => redis.kill(),
    awayMs,
    ({ redis }) => redis.restart(),
  );

export const frozen = (awayMs: number): Scenario =>
  whileAway(
    async ({ redis }) => void redis.process.kill('SIGSTOP'),
    awayMs,
    async ({ redis }) => void redis.process.kill('SIGCONT'),
  );

type Act = (scene: Scene, admin: Redis) => Promise<unknown>;

const command =
  (name: string, ...args: string[]): Act =>
  (_, admin) =>
    admin.call(name, ...args);

/** Redis takes no writes for a while, for a reason that passes. */
export function whileRefusing(refuse: Act, heal: Act, refusedMs: number, options: SceneOptions = {}): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 1, ...options });
    scene.first.behave(() => accepts(300));
    const admin = connectRedis(scene.redis.url, 'commands');
    given.onEnd(async () => admin.disconnect());
    const stop = scene.traffic.flow(PER_SECOND, alternating);
    await until(() => scene.first.hits.length >= 10);
    const ended = scene.faults.start('Redis refused writes');
    await refuse(scene, admin);
    const refused = await until(async () => {
      const answer = await call(`${scene.door.url}/v1/alerts/resolve`, { body: { dedupKey: 'nobody' } });
      return answer.status === 202 ? undefined : answer;
    });
    const sentBefore = scene.first.hits.length;
    await pause(refusedMs);
    const sentWhile = scene.first.hits.length - sentBefore;
    await heal(scene, admin);
    ended(refused.status === 503 ? 1 : 0);
    await pause(1_000);
    await stop();
    return {
      history: await scene.conclude(),
      broken: unmet({
        'the door says 503': refused.status === 503,
        'and when to come again': refused.headers.get('retry-after') !== null,
      }),
      note: `${sentWhile} sent while it took no writes`,
    };
  };
}

export const outOfMemory = whileRefusing(command('CONFIG', 'SET', 'maxmemory', '1mb'), command('CONFIG', 'SET', 'maxmemory', '0'), 3_000);

/** Its primary is nowhere: it keeps what it has, and is read-only. */
export const readOnly = whileRefusing(command('REPLICAOF', '127.0.0.1', '1'), command('REPLICAOF', 'NO', 'ONE'), 3_000);

/** The scripts are forgotten again and again. */
export const scriptsFlushed: Scenario = async (given) => {
  const scene = await openScene(given);
  const admin = connectRedis(scene.redis.url, 'commands');
  given.onEnd(async () => admin.disconnect());
  const stop = scene.traffic.flow(60, alternating);
  for (let flush = 0; flush < 30; flush++) {
    const cached = /number_of_cached_scripts:(\d+)/.exec(await admin.info('memory'))?.[1];
    await admin.script('FLUSH');
    scene.faults.record('scripts flushed', Number(cached));
    await pause(50);
  }
  await stop();
  const history = await scene.conclude();
  const texts = [...history.histories.values()].flatMap(({ messages }) => messages);
  return {
    history,
    broken: unmet({ 'nobody noticed': texts.every(({ state, attempts }) => state === 'accepted' && attempts.length === 1) }),
  };
};
