import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { noteRouteKinds } from '../../src/ledger/route-kinds.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';

const { prefix, redis } = testRedis();

const AT = (minute: number) => new Date(Date.UTC(2026, 10, 20, 3, minute));

/** Processes that start one after the other, a minute apart; the answer to the last one. */
async function started(...configs: Record<string, 'simulated' | 'real'>[]) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  let since: ReadonlyMap<string, number> = new Map();
  for (const [minute, config] of configs.entries()) {
    const routes = new Map(Object.entries(config).map(([name, kind]) => [name, kind === 'simulated']));
    since = await noteRouteKinds(redis, keys, routes, AT(minute));
  }
  return Object.fromEntries([...since].map(([name, ms]) => [name, new Date(ms).getUTCMinutes()]));
}

const TRIAL = { pages: 'simulated', codes: 'simulated' } as const;
const LIVE = { pages: 'real', codes: 'real' } as const;

test.each<[what: string, configs: Record<string, 'simulated' | 'real'>[], since: Record<string, number>]>([
  ['a first start leaves nothing behind', [LIVE], {}],
  ['nor does a trial alone', [TRIAL, TRIAL], {}],
  ['after a trial every route is real from the moment of the switch', [TRIAL, LIVE], { pages: 1, codes: 1, '*': 1 }],
  ['which a restart does not move', [TRIAL, LIVE, LIVE, LIVE], { pages: 1, codes: 1, '*': 1 }],
  ['one route may be switched alone', [TRIAL, { ...TRIAL, pages: 'real' }], { pages: 1, '*': 1 }],
  ['and another one later', [TRIAL, { ...TRIAL, pages: 'real' }, LIVE], { pages: 1, codes: 2, '*': 1 }],
  ['a route that is new after a trial is real since then', [TRIAL, { alarms: 'real' }], { alarms: 1, '*': 1 }],
  ['a second trial counts again', [TRIAL, LIVE, TRIAL, LIVE], { pages: 3, codes: 3, '*': 3 }],
  ['a trial of one route beside a real one', [{ pages: 'real', codes: 'simulated' }, LIVE], { codes: 1 }],
])('%s', async (_what, configs, since) => {
  expect(await started(...configs)).toEqual(since);
});
