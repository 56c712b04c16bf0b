import { runInNewContext } from 'node:vm';
import { connectRedis } from '../../src/redis/connect.ts';
import { accepts } from './recording-vendor.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene } from './scene.ts';
import { alternating } from './traffic.ts';

/** What the options of a job may be when another program has written them. */
const ODD_OPTS = ['null', '"text"', '5', 'true', '[]', '[null]', '{"attempts":', '', undefined];
const QUEUE = '{sms}:sms-alerts';

/** Jobs that no BullMQ client wrote stand in the queue between good ones. */
export const oddOpts: Scenario = async (given) => {
  const scene = await openScene(given);
  scene.first.behave(() => accepts(50));
  const redis = connectRedis(scene.redis.url, 'commands');
  given.onEnd(async () => redis.disconnect());
  const stop = scene.traffic.flow(20, alternating);
  for (const opts of [...ODD_OPTS, ...ODD_OPTS]) {
    await scene.traffic.raiseBy(1, alternating, async ([alert]) => {
      const id = `raw-${given.random.between(1, 2 ** 31)}`;
      const fields = { name: 'alert', data: JSON.stringify(alert), timestamp: Date.now(), delay: 0, priority: 0 };
      await redis
        .multi()
        .hset(`${QUEUE}:${id}`, { ...fields, ...(opts === undefined ? {} : { opts }) })
        .lpush(`${QUEUE}:wait`, id)
        .exec();
      scene.faults.record('jobs with options that are no object', await redis.exists(`${QUEUE}:${id}`));
    });
  }
  await stop();
  return { history: await scene.conclude() };
};

/** Patterns for which a backtracking engine needs ages, each with such a value. */
const RUNAWAY: readonly (readonly [pattern: string, value: string])[] = [
  ['^(a+)+$', `${'a'.repeat(40)}!`],
  ['^(a|aa)+$', `${'a'.repeat(60)}!`],
  ['^([a-z]+)*[0-9]$', 'b'.repeat(40)],
  ['^(\\\\w+\\\\s?)*$', `${'word '.repeat(12)}!`],
  ['(x+x+)+y', 'x'.repeat(40)],
];
const RUNAWAY_MS = 500;

/** Labels that make the patterns of the routes run away. */
export const runawayLabels: Scenario = async (given) => {
  const routes = RUNAWAY.map(
    ([pattern], index) =>
      `{ name: r${index}, match: { labels: { value: "/${pattern}/" } }, minSeverity: info, dedupeFor: 0, overflow: defer, providers: [first, second] }`,
  );
  const scene = await openScene(given, { routes });
  for (const [pattern, value] of RUNAWAY) scene.faults.record(`a label that runs away with ${pattern}`, runsAway(pattern, value) ? 1 : 0);
  scene.first.behave(() => accepts(50));
  const stop = scene.traffic.flow(10, (index) => ({
    ...alternating(index),
    labels: { value: (RUNAWAY[index % RUNAWAY.length] ?? ['', ''])[1] },
  }));
  const startedAt = performance.now();
  await scene.traffic.raise(30, alternating);
  await stop();
  const history = await scene.conclude();
  const tookMs = performance.now() - startedAt;
  return { history, broken: unmet({ 'none of them held up the router': tookMs < 30_000 }) };
};

function runsAway(pattern: string, value: string): boolean {
  try {
    runInNewContext(`/${pattern.replaceAll('\\\\', '\\')}/.test(value)`, { value }, { timeout: RUNAWAY_MS });
    return false;
  } catch {
    return true;
  }
}
