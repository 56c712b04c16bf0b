import { expect, it } from 'vitest';
import type { Logger } from '../../../src/logger.ts';
import type { DataLossKind, DataMark } from '../../../src/redis/data-set.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { watchDataSet } from '../../../src/roles/redis/watch-data-set.ts';
import { until } from '../../support/until.ts';

/** A data set whose answers are given one by one. */
function scene(answers: (DataLossKind | undefined | Error)[]) {
  const asked: (DataMark | undefined)[] = [];
  const lines: [level: string, fields: { kind?: string; confirmed?: number }, msg: string][] = [];
  const counted: string[] = [];
  const log = (level: string) => (fields: object, msg: string) => void lines.push([level, fields, msg]);
  const logger = { error: log('error'), warn: log('warn'), debug: log('debug') } as unknown as Logger;
  const cleanups: (() => Promise<unknown>)[] = [];
  const watch = watchDataSet(
    {
      dataSet: {
        confirm: async (mark) => {
          asked.push(mark);
          const answer = answers.shift();
          if (answer instanceof Error) throw answer;
          return { mark: { id: 'a', count: asked.length }, loss: answer };
        },
      },
      logger,
      onLoss: (kind) => void counted.push(kind),
      everyMs: 1_000_000,
    },
    cleanups,
  );
  const look = async () => {
    const before = asked.length;
    await until(() => {
      watch.look();
      return asked.length > before;
    });
  };
  return { asked, lines, counted, look, close: () => Promise.all(cleanups.map((close) => close())) };
}

it('compares each look with the last one that succeeded, and reports a loss once', async () => {
  const { asked, lines, counted, look } = scene([undefined, undefined, 'emptied', undefined]);
  for (let n = 0; n < 3; n += 1) await look();
  expect(asked).toEqual([undefined, { id: 'a', count: 1 }, { id: 'a', count: 2 }, { id: 'a', count: 3 }]);
  expect(counted).toEqual(['emptied']);
  expect(lines).toMatchObject([['error', { kind: 'emptied', confirmed: 2 }, 'Redis lost data that it had confirmed']]);
});

it('takes a look that fails for no proof: the next one compares with the same mark', async () => {
  const { asked, lines, counted, look } = scene([
    undefined,
    new RedisUnavailableError('away'),
    new Error('WRONGTYPE Operation against a key'),
    'rolled_back',
  ]);
  for (let n = 0; n < 3; n += 1) await look();
  await until(() => counted.length === 1);
  expect(asked.slice(1)).toEqual([
    { id: 'a', count: 1 },
    { id: 'a', count: 1 },
    { id: 'a', count: 1 },
  ]);
  expect(lines.map(([level]) => level)).toEqual(['debug', 'warn', 'error']);
});

it('looks no more after it was closed', async () => {
  const { asked, close } = scene([undefined]);
  await close();
  const { length } = asked;
  await Promise.resolve();
  expect(asked).toHaveLength(length);
});
