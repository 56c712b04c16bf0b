import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { type DataLossKind, type DataMark, openDataSet } from '../../src/redis/data-set.ts';
import { createKeys, type Keys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';

const { redis, prefix } = testRedis();
const used: Keys[] = [];
afterAll(() => redis.del(...used.flatMap((keys) => [keys.dataSet(), keys.dataSetHistory()])));

/** A data set of its own, and what can happen to it. */
function world() {
  const keys = createKeys(`${prefix}:${randomUUID()}`);
  used.push(keys);
  const names = [keys.dataSet(), keys.dataSetHistory()];
  return {
    keys,
    process: () => {
      const dataSet = openDataSet(redis, keys);
      let mark: DataMark | undefined;
      return {
        look: async (): Promise<DataLossKind | undefined> => {
          const answer = await dataSet.confirm(mark);
          mark = answer.mark;
          return answer.loss;
        },
      };
    },
    losses: async () => (await openDataSet(redis, keys).losses()).losses.map(({ kind }) => kind),
    wipe: () => redis.del(...names),
    dump: () => Promise.all(names.map((name) => redis.dumpBuffer(name))),
    restore: (dump: readonly (Buffer | null)[]) => restore(redis, names, dump),
  };
}

async function restore(client: Redis, names: readonly string[], dump: readonly (Buffer | null)[]): Promise<void> {
  await client.del(...names);
  await Promise.all(names.map((name, index) => dump[index] && client.restore(name, 0, dump[index])));
}

async function looks(process: { look(): Promise<unknown> }, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await process.look();
}

describe('no loss', () => {
  it('is a first start on an empty Redis, also of two processes in the same moment', async () => {
    const { process, losses } = world();
    const [a, b] = [process(), process()];
    expect(await Promise.all([a.look(), b.look(), a.look(), b.look()])).toEqual([undefined, undefined, undefined, undefined]);
    expect(await losses()).toEqual([]);
  });

  it('is a process that was suspended while others confirmed more often than writers are remembered', async () => {
    const { process } = world();
    const [asleep, awake] = [process(), process()];
    await asleep.look();
    await looks(awake, 600);
    expect(await asleep.look()).toBeUndefined();
    expect(await redis.hlen(used.at(-1)?.dataSet() ?? '')).toBeLessThanOrEqual(502);
  });

  it('is a look that was refused, or whose answer was lost', async () => {
    const { process, keys } = world();
    const one = process();
    await one.look();
    await redis.hincrby(keys.dataSet(), 'count', 1);
    expect(await one.look()).toBeUndefined();
  });

  it('is another prefix that is wiped', async () => {
    const [mine, other] = [world(), world()];
    const one = mine.process();
    await one.look();
    await other.process().look();
    await other.wipe();
    expect(await one.look()).toBeUndefined();
  });

  it('is what happens while no process remembers anything', async () => {
    const { process, wipe, losses } = world();
    await process().look();
    await wipe();
    expect(await process().look()).toBeUndefined();
    expect(await losses()).toEqual([]);
  });
});

describe('a loss, once to each process that remembers', () => {
  it('emptied: everything is gone', async () => {
    const { process, wipe, losses } = world();
    const [a, b] = [process(), process()];
    await Promise.all([a.look(), b.look()]);
    await wipe();
    expect([await a.look(), await b.look(), await a.look(), await b.look()]).toEqual(['emptied', 'emptied', undefined, undefined]);
    expect(await process().look()).toBeUndefined();
    expect(await losses()).toEqual(['emptied']);
  });

  it('rolled_back: an older dump was restored', async () => {
    const { process, dump, restore, losses } = world();
    const [a, b] = [process(), process()];
    await Promise.all([a.look(), b.look()]);
    const old = await dump();
    await Promise.all([a.look(), b.look()]);
    await restore(old);
    expect([await a.look(), await b.look(), await a.look(), await b.look()]).toEqual(['rolled_back', 'rolled_back', undefined, undefined]);
    expect(await losses()).toEqual(['rolled_back']);
  });

  it('rolled_back: a failover lost a confirmation, and others have counted on beyond it since', async () => {
    const { process, dump, restore } = world();
    const [cut, others] = [process(), process()];
    await Promise.all([cut.look(), others.look()]);
    const replica = await dump();
    await looks(cut, 3);
    await restore(replica);
    await looks(others, 10);
    expect(await cut.look()).toBe('rolled_back');
  });

  it('replaced: a process that just started has begun a new data set before', async () => {
    const { process, wipe, losses } = world();
    const [a, b] = [process(), process()];
    await Promise.all([a.look(), b.look()]);
    await wipe();
    expect(await process().look()).toBeUndefined();
    expect([await a.look(), await b.look()]).toEqual(['replaced', 'replaced']);
    expect(await losses()).toEqual(['replaced']);
  });

  it('replaced: the dump is older than the last loss', async () => {
    const { process, wipe, dump, restore } = world();
    const one = process();
    await one.look();
    const old = await dump();
    await wipe();
    await one.look();
    await restore(old);
    expect(await one.look()).toBe('replaced');
  });

  it.each(['dataSet', 'dataSetHistory'] as const)('marker_lost: only the key %s is gone', async (name) => {
    const { process, keys, losses } = world();
    const [a, b] = [process(), process()];
    await Promise.all([a.look(), b.look()]);
    await redis.del(keys[name]());
    expect([await a.look(), await b.look(), await a.look()]).toEqual(['marker_lost', 'marker_lost', undefined]);
    expect(await losses()).toEqual(['marker_lost']);
  });

  it('marker_lost: also to a process that starts then, since the other marker is there', async () => {
    const { process, keys } = world();
    await process().look();
    await redis.del(keys.dataSet());
    expect(await process().look()).toBe('marker_lost');
  });

  it('two losses between two looks are one line', async () => {
    const { process, wipe } = world();
    const [a, b] = [process(), process()];
    await Promise.all([a.look(), b.look()]);
    await wipe();
    await a.look();
    await wipe();
    await a.look();
    expect([await b.look(), await b.look()]).toEqual(['replaced', undefined]);
  });
});

it('reports a loss exactly when a confirmed write may be missing, whatever happens in which order', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('look' as const), who: fc.integer({ min: 0, max: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('wipe' as const, 'dump' as const, 'restore' as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { process, wipe, dump, restore } = world();
      const processes = [process(), process(), process()];
      /** Writes by a running number: those that Redis holds, and the last one that each process had confirmed. */
      let present: number[] = [];
      let kept: { readonly dump: readonly (Buffer | null)[]; readonly present: readonly number[] } | undefined;
      const confirmed = new Map<number, { readonly write: number; readonly changes: number }>();
      let changes = 0;
      let writes = 0;
      for (const one of steps) {
        if (one.kind === 'dump') kept = { dump: await dump(), present };
        if (one.kind === 'wipe') await wipe();
        if (one.kind === 'restore' && kept !== undefined) await restore(kept.dump);
        if (one.kind === 'wipe') present = [];
        if (one.kind === 'restore' && kept !== undefined) present = [...kept.present];
        if (one.kind === 'wipe' || one.kind === 'restore') changes += 1;
        if (one.kind !== 'look') continue;
        const loss = await (processes[one.who] as (typeof processes)[number]).look();
        const last = confirmed.get(one.who);
        if (last === undefined || last.changes === changes) expect(loss).toBeUndefined();
        else if (!present.includes(last.write)) expect(loss).toBeDefined();
        present = [...present, ++writes];
        confirmed.set(one.who, { write: writes, changes });
      }
    }),
    { numRuns: 150 },
  );
});
