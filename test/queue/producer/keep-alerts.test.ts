import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Accepted, keepAlerts } from '../../../src/queue/producer/keep-alerts.ts';
import type { Redis } from '../../../src/redis/connect.ts';
import { until } from '../../support/until.ts';

const alertOf = (id: string) => ({ id, alert: { status: 'firing' }, receivedAt: 1 }) as unknown as Accepted;

/** A producer on a Redis whose server is replaced, and which knows the alerts that were routed. */
function scene({ refusals = 0, pausesMs = [0] }: { refusals?: number; pausesMs?: readonly number[] | undefined } = {}) {
  const routed = new Set<string>();
  const again: string[][] = [];
  const stream = { remoteAddress: '10.0.0.1', remotePort: 6379 };
  let looks = 0;
  const isRouted = async (id: string) => {
    looks += 1;
    if (looks <= refusals) throw new Error('LOADING');
    return routed.has(id);
  };
  const kept = keepAlerts({
    redis: { stream } as unknown as Redis,
    key: '{sms}:probe',
    isRouted,
    again: async (lost) => void again.push(lost.map(({ id }) => id)),
    ...(pausesMs.length === 0 ? {} : { pausesMs }),
  });
  onTestFinished(() => kept.close());
  const failOver = () => {
    stream.remotePort += 1;
    kept.look();
  };
  return { kept, again, failOver, looks: () => looks, route: (id: string) => routed.add(id) };
}

describe('alerts of the last minute, when another server takes the writes', () => {
  it('are added again, each once, except those that it knows as routed', async () => {
    const { kept, again, failOver, route } = scene();
    kept.add(['a', 'b', 'c', 'a'].map(alertOf));
    route('b');
    failOver();
    await until(() => again.length > 0);
    expect(again).toEqual([['c', 'a']]);
  });

  it('are added in portions', async () => {
    const { kept, again, failOver } = scene();
    kept.add(Array.from({ length: 450 }, (_, index) => alertOf(String(index))));
    failOver();
    await until(() => again.length === 3);
    expect(again.map(({ length }) => length)).toEqual([200, 200, 50]);
  });

  it('are compared until Redis answers', async () => {
    const { kept, again, failOver, looks } = scene({ refusals: 1 });
    kept.add([alertOf('a')]);
    failOver();
    await until(() => again.length === 1);
    expect(looks()).toBe(2);
  });

  it('are compared twice, so that one is found that the old server confirmed after the first comparison', async () => {
    const { kept, again, failOver, looks } = scene({ pausesMs: [] });
    failOver();
    kept.add([alertOf('late')]);
    await until(() => again.length > 0, 20_000);
    await until(() => looks() === 2, 20_000);
    expect(again).toEqual([['late'], ['late']]);
  });

  it('are not added when it knows all of them', async () => {
    const { kept, again, failOver, looks, route } = scene();
    kept.add([alertOf('a')]);
    route('a');
    failOver();
    await until(() => looks() === 1);
    await new Promise(setImmediate);
    expect(again).toEqual([]);
  });

  it.each([
    ['is closed', 0],
    ['is closed while Redis does not answer', 1],
  ])('are no longer compared after the producer %s', async (_name, refusals) => {
    const [first, later] = [scene({ refusals }), scene({ refusals })];
    for (const { kept, failOver } of [first, later]) {
      kept.add([alertOf('a')]);
      failOver();
    }
    if (refusals > 0) await until(() => first.looks() === refusals);
    first.kept.close();
    // It began its comparison later, with the same pauses.
    await until(() => later.again.length === 1);
    expect([first.again, first.looks()]).toEqual([[], refusals]);
  });

  it('are watched for by no timer after the producer is closed', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { kept } = scene();
    expect(vi.getTimerCount()).toBe(1);
    kept.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are compared once for one change of the server, and not for a look that finds the same', async () => {
    const { kept, again, failOver, looks } = scene();
    kept.add([alertOf('a')]);
    kept.look();
    failOver();
    kept.look();
    await until(() => again.length > 0);
    await new Promise(setImmediate);
    expect([again, looks()]).toEqual([[['a']], 1]);
  });
});
