import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Message } from '../../src/pipeline/message.ts';
import { policyFor } from '../../src/policy/route.ts';
import { testRedis } from '../support/redis.ts';
import { writeConfig } from '../support/write-config.ts';
import { createDigestHarness } from './digest-harness.ts';
import { HOUR_MS, MINUTE_MS } from './dispatcher-harness.ts';
import { mostWithin, runForHours, type Sent } from './run-for-hours.ts';

const { redis, prefix } = testRedis();
const SHIPPED = new URL('../../config/sms-dispatch.yaml', import.meta.url).pathname;
const MINIMAL = 'providers: { desk: { type: simulated } }\nroutes: [{ providers: [desk] }]\n';

/** A harness by a config file, and the part of its policy that a message takes from its route. */
function harnessOf({ caps, routes }: Config) {
  const harness = createDigestHarness(redis, prefix, caps);
  const sent: Sent[] = [];
  harness.provider('a', [
    ({ text }) => {
      sent.push({ at: harness.clock.at, text });
      return { kind: 'accepted', providerMessageId: `SM${sent.length}` };
    },
  ]);
  const [route] = routes;
  if (route === undefined) throw new Error('no route');
  const { overflow, expiresAfterMs } = policyFor(route, { severity: 'critical', purpose: 'alert', labels: {} });
  const critical = (atMs: number, content: string, more: Partial<Message> = {}) => {
    const receivedAt = harness.clock.at + atMs;
    const own = { text: `CRITICAL: ${content}`, variables: { instance: '', priority: 'CRITICAL', content } };
    return { atMs, over: { ...own, overflow, receivedAt, expiresAt: receivedAt + expiresAfterMs, ...more } };
  };
  return { harness, sent, critical };
}

/** How many texts name it. */
const namings = (sent: readonly Sent[], name: RegExp) => sent.filter(({ text }) => name.test(text));

describe.each([
  ['as shipped', async () => loadConfig({ path: SHIPPED, env: {} }).config],
  ['with nothing set', async () => loadConfig({ path: await writeConfig(MINIMAL), env: {} }).config],
])('by the config %s', (_name, load) => {
  test.each([
    [6, 10 * MINUTE_MS],
    [60, 10 * MINUTE_MS],
    [60, 1_000],
    [60, 0],
    [60, HOUR_MS],
    [150, 10 * MINUTE_MS],
  ])('%i criticals within %i ms are at most five messages an hour, and each is named in exactly one', async (count, withinMs) => {
    const { harness, sent, critical } = harnessOf(await load());
    const raised = Array.from({ length: count }, (_, n) => critical((n * withinMs) / count, `Disk of host-${n} is full`));
    const messages = await runForHours(harness, raised);
    expect(mostWithin(sent, HOUR_MS)).toBeLessThanOrEqual(5);
    for (let n = 0; n < count; n += 1) expect(namings(sent, new RegExp(`host-${n}\\b`)), `host-${n}`).toHaveLength(1);
    const ends = await Promise.all(messages.map(async (message) => (await harness.trace(message)).state));
    expect(ends.filter((state) => state !== 'accepted' && state !== 'suppressed')).toEqual([]);
    expect(await harness.ledger.inFlight()).toBe(0);
    // The first five go out by themselves when they come; the rest follow as soon as there is room again.
    const delays = messages.map(({ receivedAt }, n) => (namings(sent, new RegExp(`host-${n}\\b`))[0] as Sent).at - receivedAt);
    expect(delays.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(Math.max(...delays)).toBeLessThanOrEqual(HOUR_MS + MINUTE_MS);
  });

  test('with alerts at any times, no hour has more than five messages, and each alert is named once', async () => {
    const config = await load();
    const alerts = fc.array(fc.tuple(fc.nat(3 * HOUR_MS), fc.nat(40)), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(alerts, async (some) => {
        const { harness, sent, critical } = harnessOf(config);
        const raised = some.map(([atMs, problem], n) => critical(atMs, `Text-${n} of ${problem}`, { dedupHash: `problem-${problem}` }));
        await runForHours(harness, raised);
        expect(mostWithin(sent, HOUR_MS)).toBeLessThanOrEqual(5);
        for (const n of some.keys()) expect(namings(sent, new RegExp(`Text-${n}\\b`))).toHaveLength(1);
      }),
      { numRuns: 15 },
    );
  });
});
