import { writeSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createBlockablePipe } from './blockable-pipe.ts';
import { until } from './until.ts';

test('a pipe passes what is written, takes nothing while it is blocked, and passes it all later', async () => {
  const pipe = await createBlockablePipe();
  onTestFinished(pipe.close);
  onTestFinished(pipe.handOver);
  writeSync(pipe.fd, 'before\n');
  await until(() => pipe.output() === 'before\n');
  expect(await pipe.block()).toBeGreaterThanOrEqual(4096);
  expect(await pipe.block()).toBe(0);
  pipe.release();
  await until(() => pipe.output().trim() === 'before' && pipe.output().length > 4096);
  writeSync(pipe.fd, 'after\n');
  await until(() => pipe.output().endsWith('\nafter\n'));
});
