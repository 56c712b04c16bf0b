import { expect, it, onTestFinished } from 'vitest';
import { openSpan } from '../../src/tracing/span.ts';
import { startTracing } from '../../src/tracing/start-tracing.ts';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';

const start = (url: string) =>
  startTracing({ url, serviceName: 'test', version: '1', watch: { onLost: () => undefined, onRecovered: () => undefined } });

it('a collector that never answers holds a process that ends for two seconds at most', async () => {
  const { url, close } = await startHttpVendor(() => 'hang');
  onTestFinished(close);
  const tracing = await start(`${url}/v1/traces`);
  openSpan({ kind: 'internal', name: 'work' }).end();
  const started = performance.now();
  await tracing.stop();
  expect(performance.now() - started).toBeLessThan(3_000);
});

it('once stopped, nothing is traced, and it can be started again', async () => {
  for (const _round of [1, 2]) {
    let calls = 0;
    const { url, close } = await startHttpVendor(() => {
      calls += 1;
      return { status: 200, body: '{}' };
    });
    onTestFinished(close);
    const tracing = await start(`${url}/v1/traces`);
    openSpan({ kind: 'internal', name: 'work' }).end();
    await tracing.stop();
    openSpan({ kind: 'internal', name: 'later' }).end();
    expect(calls).toBe(1);
  }
});
