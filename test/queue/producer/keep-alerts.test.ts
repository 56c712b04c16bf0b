import { describe, expect, it, onTestFinished } from 'vitest';
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

  it('are no longer compared after the producer is closed', async () => {
    const { kept, again, failOver, looks } = scene({ refusals: 1 });
    kept.add([alertOf('a')]);
    failOver();
    kept.close();
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise(setImmediate);
    expect([again, looks()]).toEqual([[], 0]);
  });

  it('cost nothing while the server stays the same', () => {
    const { kept, looks } = scene();
    kept.add([alertOf('a')]);
    kept.look();
    expect(looks()).toBe(0);
  });
});
