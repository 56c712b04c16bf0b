import { describe, expect, it } from 'vitest';
import { beside, failOver, outage, overtake } from '../chaos/backlog.ts';
import { testRedis } from '../support/redis.ts';

const { url: redisUrl, prefix } = testRedis();
const at = (part: string) => ({ redisUrl, prefix: prefix.replace('}', `-${part}}`) });

// Side by side: most of their time is waiting.
/** The backlogs here take twenty seconds and more: a critical that waited behind one would take as long. How fast it is, `bench` measures. */
const AHEAD_MS = 8_000;

describe.concurrent('texts that wait', () => {
  it('go through the next provider immediately, and hardly any is tried on the one that is down', async () => {
    const { firstAfterMs, spentOnFirst, accepted } = await failOver({ ...at('failover'), count: 120 });
    expect(accepted).toBe(120);
    // Well before the circuit of the one that is down is tried again, whatever else the machine does.
    expect(firstAfterMs).toBeLessThan(30_000);
    // Those that were under way when it turned out to be down, each in up to three tries.
    expect(spentOnFirst).toBeLessThan(120);
  }, 240_000);

  it('for their only provider come back spread out when it does, criticals first, and none is lost', async () => {
    const seen = await outage({ ...at('outage'), count: 200, downMs: 3_000, watchMs: 15_000 });
    expect(seen).toMatchObject({ lostMeanwhile: 0, twice: 0, criticals: seen.ofCriticals });
    // It was left alone while it was down.
    expect(seen.whileDown).toBeLessThanOrEqual(160);
    expect(seen.sent).toBeGreaterThan(10);
    // Its share grows over twenty seconds: no second brings more than a part of what waits.
    expect(seen.most).toBeLessThan(seen.texts / 4);
    // The first few find out whether it is back, whoever they are.
    expect(seen.infosBefore).toBeLessThan(100);
  }, 240_000);

  it('for their turn are overtaken by a critical', async () => {
    const { tookMs, waiting } = await overtake({ ...at('overtaking'), count: 200, maxPerSecond: 10 });
    expect(waiting).toBeGreaterThan(100);
    expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(AHEAD_MS);
  }, 240_000);

  it('for a provider whose calls hang let a critical of another provider through while all those calls are open, and none is lost', async () => {
    const seen = await beside({ ...at('hanging'), count: 200 });
    // Not all have been routed by then: that goes on beside the calls that hang.
    expect(seen.waiting).toBeGreaterThan(100);
    expect(seen).toMatchObject({ acceptedBefore: 0, sent: 200, twice: 0, asked: 200 });
  }, 240_000);

  it.each([
    ['has a pace of one a second', { maxPerSecond: 1 }],
    ['takes one call at a time', { maxConcurrent: 1, answersAfterMs: 500 }],
    ['answers after three seconds', { answersAfterMs: 3_000 }],
  ])(
    'for a provider that %s let a critical of another provider through',
    async (why, given) => {
      const { tookMs, waiting, twice } = await beside({ ...at(why.replaceAll(' ', '-')), ...given, count: 500, leave: true });
      expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(AHEAD_MS);
      expect(waiting).toBeGreaterThan(400);
      expect(twice).toBe(0);
    },
    240_000,
  );
});
