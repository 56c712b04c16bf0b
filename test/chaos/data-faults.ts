import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '../../src/redis/connect.ts';
import { until } from '../support/until.ts';
import { accepts } from './recording-vendor.ts';
import { whileRefusing } from './redis-faults.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene } from './scene.ts';
import { alternating } from './traffic.ts';

const DATA_LOST = '"msg":"Redis lost data that it had confirmed"';

/** All data of Redis is deleted in mid-run, with texts on the wire and others waiting. */
export const erased: Scenario = async (given) => {
  const scene = await openScene(given, { dispatchers: 2, concurrency: 4 });
  scene.first.behave(() => accepts(300));
  const admin = connectRedis(scene.redis.url, 'commands');
  given.onEnd(async () => admin.disconnect());
  const stop = scene.traffic.flow(20, alternating);
  await until(() => scene.first.hits.length >= 40);
  // More than can be sent before it.
  await scene.traffic.raise(60, alternating);
  const keys = await admin.dbsize();
  const ended = scene.faults.start('all data of Redis deleted');
  await admin.flushall();
  scene.erased();
  ended(keys);
  const known = scene.traffic.raised.length;
  await until(() => scene.traffic.raised.length > known + 100, 30_000);
  await stop();
  const history = await scene.conclude({ deadlineMs: 30_000 });
  const lines = [scene.door, scene.router, ...scene.dispatchers].map((process) => process?.output().split(DATA_LOST).length ?? 0);
  return { history, broken: unmet({ 'each process reported the loss once': lines.every((parts) => parts === 2) }) };
};

/** Redis' clock steps, with texts on the wire and others held back by a cap. */
export function redisStepped(byMs: number, { killed = false } = {}): Scenario {
  return async (given) => {
    const cap = { max: 3, perSeconds: 5 };
    const scene = await openScene(given, { dispatchers: 2, movedRedisClock: true, expiresAfter: '1d', cap });
    scene.first.behave(() => accepts(200));
    const stop = scene.traffic.flow(10, alternating, (index) => `+6011${10_000_009 + (index % 60) * 10}`);
    await until(() => scene.first.hits.length >= 20);
    // Its locks and leases are counted by it.
    const ended = scene.faults.start('Redis’ clock stepped');
    if (killed) await until(() => scene.openCalls(0) > 0);
    if (killed) scene.kill(0);
    await scene.redisClock?.step(byMs);
    if (killed) await scene.replace(0, 'SIGKILL');
    await pause(4_000);
    ended(1);
    const known = scene.first.hits.length;
    await until(() => scene.first.hits.length > known + 20, 30_000);
    await stop();
    // What the killed one had open is taken up within 6 min of its lease.
    const deadlineMs = killed ? 480_000 : 90_000;
    return { history: await scene.conclude({ deadlineMs, mayWaitFor: byMs < 0 ? ['rate_cap_recipient'] : [] }) };
  };
}

/** The disk of Redis is full: it confirms no write that it cannot keep. */
export const diskFull: Scenario = async (given) => {
  const dir = await mkdtemp(join(tmpdir(), 'sms-disk-'));
  // Needs root.
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir]);
  given.onEnd(async () => {
    execFileSync('umount', ['--lazy', dir]);
    await rm(dir, { recursive: true, force: true });
  });
  const ballast = join(dir, 'ballast');
  return whileRefusing(
    async () => {
      const { bavail, bsize } = await statfs(dir);
      await writeFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => undefined);
    },
    () => rm(ballast),
    4_000,
    { redisArgs: ['--dir', dir] },
  )(given);
};
