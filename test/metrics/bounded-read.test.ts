import { expect, it } from 'vitest';
import { createBoundedRead } from '../../src/metrics/cluster-gauges.ts';
import { until } from '../support/until.ts';

it('takes a read that is never answered for lost after a while, and reads again', async () => {
  let reads = 0;
  const read = createBoundedRead(() => (++reads === 1 ? new Promise<never>(() => undefined) : Promise.resolve(reads)), 20, 100);
  expect(await read()).toBeUndefined();
  expect(await read()).toBeUndefined();
  expect(reads).toBe(1);
  expect(await until(read)).toBe(2);
});

it('forgets an answer once it is given', async () => {
  let reads = 0;
  const read = createBoundedRead(async () => ++reads, 1000);
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  expect(await read()).toBe(2);
});
