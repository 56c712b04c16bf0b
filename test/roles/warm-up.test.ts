import { expect, it } from 'vitest';
import { connectRedis } from '../../src/redis/connect.ts';
import { stringOrNone } from '../../src/redis/define-script.ts';
import { batchScripts } from '../../src/redis/script-batch.ts';
import { warmUp } from '../../src/roles/warm-up.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { scriptOf } from '../support/lua-script.ts';
import { startRedisServer } from '../support/redis-server.ts';

const clock = { now: () => new Date('2026-03-01T03:00:00Z') };
const read = scriptOf("return redis.call('GET', keys.at)", { keys: ['at'], reply: stringOrNone, batched: true });

const DESK = 'providers: { desk: { type: simulated } }\nroutes: [{ name: default, providers: [desk] }]\n';

it.each([
  ['any phone', DESK],
  ['no foreign phone', `${DESK}countries: [60]\ndefaultCountry: MY\n`],
])('a process that texts %s leaves nothing in Redis when it warms up, and its first batch needs no source', async (_, yaml) => {
  const server = await startRedisServer();
  const redis = connectRedis(server.url, 'commands');
  batchScripts(redis, '{sms}:probe', () => undefined);
  const sources = async () => Number(/^cmdstat_eval:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);

  await warmUp(loadYaml(yaml).config, clock, redis);
  expect(await redis.dbsize()).toBe(0);
  expect(await sources()).toBe(1);
  expect(await read(redis, { keys: { at: '{sms}:none' } })).toBeUndefined();
  expect(await sources()).toBe(1);

  redis.disconnect();
  await server.stop();
});
