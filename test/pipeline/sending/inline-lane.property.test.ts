import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { AlertInput } from '../../../src/alert/alert.ts';
import { type E164, phoneHash } from '../../../src/alert/phone/phone.ts';
import type { Config } from '../../../src/config/config.ts';
import { moveOfJob } from '../../../src/pipeline/outcome.ts';
import type { PlannedMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { createAlertRouter } from '../../../src/pipeline/routing/router.ts';
import { createInlineLane } from '../../../src/pipeline/sending/inline-lane.ts';
import { refuse } from '../../../src/provider/contract/provider.ts';
import { connectRedis } from '../../../src/redis/connect.ts';
import { batchScripts } from '../../../src/redis/script-batch.ts';
import { scriptOf } from '../../support/lua-script.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { createHarness, type DispatcherHarness, HOUR_MS } from '../dispatcher-harness.ts';

const { url, redis, prefix } = testRedis();
/** As in a process: the lane's calls leave in batches. */
const batched = connectRedis(url, 'commands');
batchScripts(batched, `${prefix}:place`, () => undefined);
afterAll(() => batched.disconnect());

const PHONES = ['+60123456789', '+60123456788'] as E164[];
const open = scriptOf(`return 'unrestricted'`, { keys: [], reply: ['unrestricted'], batched: true });
const START = Date.parse('2026-11-20T03:00:00Z');

/** Answers of the two providers; retries in place, which pause, have their own test. */
const ANSWERS: Readonly<Record<string, () => Line>> = {
  accepted: () => ({ kind: 'accepted', providerMessageId: 'vendor-id' }),
  'no such number': () => refuse('recipient', { code: '21211' }),
  'content rejected': () => refuse('content', { code: '30007' }),
  'bad credentials': () => refuse('auth', { code: '20003' }),
  throttled: () => refuse('throttled', { code: '429', retryAt: new Date(START + 90_000) }),
  unknown: () => refuse('unknown_outcome', { code: 'timeout' }),
  'opted out': () => refuse('opted_out', { code: '21610' }),
  'a bug': () => () => {
    throw new Error('bug in the adapter');
  },
};

interface Scene {
  readonly alerts: readonly AlertInput[];
  readonly answers: readonly (readonly string[])[];
  readonly overflow: 'defer' | 'drop' | 'digest';
  readonly onUnknown: 'resend' | 'hold';
  readonly perRecipient: number;
  readonly perHour: number;
  readonly optedOut: boolean;
}

const alerts = fc.array(
  fc.record({
    to: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...PHONES) }, { weight: 1, arbitrary: fc.constant([...PHONES]) }),
    severity: fc.constantFrom('critical', 'warning', 'info'),
    dedupKey: fc.option(fc.constantFrom('disk', 'cpu'), { nil: undefined }),
    text: fc.constantFrom('Disk full', 'x'.repeat(400)),
    status: fc.constantFrom('firing', 'firing', 'firing', 'resolved'),
  }),
  { minLength: 1, maxLength: 6 },
);

const scenes: fc.Arbitrary<Scene> = fc.record({
  alerts: alerts.map((all) =>
    all.map((alert, index) => ({ id: `a-${index}`, ...alert, dedupKey: alert.dedupKey ?? `own-${index}` }) as AlertInput),
  ),
  answers: fc.tuple(
    fc.array(fc.constantFrom(...Object.keys(ANSWERS)), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constantFrom(...Object.keys(ANSWERS)), { minLength: 1, maxLength: 4 }),
  ),
  overflow: fc.constantFrom('defer', 'drop', 'digest'),
  onUnknown: fc.constantFrom('resend', 'hold'),
  perRecipient: fc.integer({ min: 1, max: 5 }),
  perHour: fc.integer({ min: 2, max: 8 }),
  optedOut: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

/** What a scene leaves: the ledger and the caps, what was counted and reported, and the jobs that wait. */
async function play(scene: Scene, way: 'in the job of its alert' | 'in a job of its own') {
  const { overflow, onUnknown, perRecipient, perHour } = scene;
  const caps: Config['caps'] = {
    weight: 'messages',
    perRecipient: [{ max: perRecipient, perMs: HOUR_MS }],
    perHour: { max: perHour, criticalReserve: 1 },
  };
  const harness = createHarness(way === 'in the job of its alert' ? batched : redis, prefix, { caps });
  harness.clock.at = START;
  for (const [index, answers] of scene.answers.entries())
    harness.provider(
      `p${index}`,
      answers.map((answer) => (ANSWERS[answer] as () => Line)()),
    );
  if (scene.optedOut)
    await harness.optOuts.optOut({ phoneHash: phoneHash(PHONES[1] as E164), to: 'masked', since: new Date(START - 1), source: 'operator' });
  const jobs: unknown[] = [];
  let begun = 0;
  const lane = createInlineLane({
    dispatch: (message, rerun, signal, begin) =>
      harness.dispatch(message, rerun, signal, begin && ((request) => begin(request).then((opened) => count(opened)))),
    targets: harness.targets,
    gate: open.step({ keys: {} }),
    hasMoney: false,
    concurrency: 50,
  });
  const count = <T>(opened: T): T => {
    if (opened !== undefined) begun += 1;
    return opened;
  };
  const route = createAlertRouter({
    config: {
      providers: new Map([...harness.targets.keys()].map((name) => [name, {}])) as unknown as Config['providers'],
      routes: [{ name: 'default', match: {}, providers: [...harness.targets.keys()], expiresAfterMs: HOUR_MS, overflow, onUnknown }],
      contacts: new Map(),
      groups: new Map(),
      rotations: new Map(),
      countries: undefined,
      quietHours: undefined,
      templates: new Map(),
      defaultCountry: undefined,
    },
    knownFull: () => undefined,
    ledger: harness.ledger,
    observer: harness.observer,
    clock: harness.clock,
    inlineLane: way === 'in the job of its alert' ? lane : undefined,
    onEscalating: () => undefined,
    onOtherContent: () => undefined,
  });
  for (const [index, data] of scene.alerts.entries()) {
    const routed = await route({ jobId: `job-${index}`, data, timestamp: START }, new AbortController().signal);
    for (const step of routed.kind === 'routed' ? routed.steps : []) jobs.push(...(await runJob(step, harness)));
  }
  return {
    kept: await kept(harness),
    counted: harness.told.map(comparable).sort(),
    reported: harness.reported.map(comparable),
    jobs,
    begun,
  };
}

const DIGEST = /digest-[\da-f-]{36}/g;
/** Without durations and ids of digests. */
const comparable = (told: unknown) =>
  JSON.stringify(told, (name, value: unknown) => (name === 'seconds' ? undefined : value)).replace(DIGEST, 'digest-#');

/** Runs a job that is due, and returns what waits or is dead afterwards. */
async function runJob({ message, job }: PlannedMessage, harness: DispatcherHarness): Promise<unknown[]> {
  if (job === undefined) return [];
  const { failure } = message;
  const left = (move: ReturnType<typeof moveOfJob>) => (move.kind === 'complete' ? [] : [{ id: message.id, ...move }]);
  if (typeof job !== 'string') return left({ kind: 'delay', until: job.until });
  const move = moveOfJob(await harness.dispatch(message, job === 'again', new AbortController().signal));
  return left(failure === undefined || move.kind !== 'failed' ? move : { kind: 'failed', reason: failure });
}

/** Tokens of runs, and what follows Redis' own clock. */
const RANDOM = ['by', 'token', 'lease'];

/** Every key with its value; ids of digests, which are random, are no part of it. */
async function kept({ keys }: DispatcherHarness): Promise<string[]> {
  const all: string[] = [];
  for (const key of await redis.keys(`${keys.prefix.replace(/[{}[\]]/g, '?')}:*`)) {
    const name = key.slice(keys.prefix.length).replace(/:[\w-]{22}$/, ':#');
    const value = JSON.stringify(await contentOf(key)).replaceAll(keys.prefix, 'PREFIX');
    all.push(`${name} ${value}`.replace(DIGEST, 'digest-#'));
  }
  // A critical that an opt-out stops between its slot and its attempt counts as sent to the phone only where it has a job of its own.
  return all.filter((entry) => !entry.startsWith(':told') || !all.some((other) => other.startsWith(':opt-outs'))).sort();
}

async function contentOf(key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash': {
      const hash = await redis.hgetall(key);
      for (const field of RANDOM) delete hash[field];
      // A claim ends by Redis' clock.
      if (/:claims:|claims/.test(key)) return Object.entries(hash).map(([field, value]) => [field, value.replace(/^(\d+ \d+) \d+/, '$1')]);
      return hash;
    }
    case 'zset':
      // Scores of the limiters are the test's times; the others follow Redis' clock.
      return /:cap:/.test(key) ? redis.zrange(key, 0, '-1', 'WITHSCORES') : (await redis.zrange(key, 0, '-1')).sort();
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'stream':
      return (await redis.xrange(key, '-', '+')).map(([, fields]) => fields);
    default:
      return redis.get(key);
  }
}

test('with any alerts and answers, the ledger, caps, claims, journal, metrics and jobs are the same with and without a job of the message', async () => {
  let inline = 0;
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const { begun, ...lane } = await play(scene, 'in the job of its alert');
      const { begun: none, ...general } = await play(scene, 'in a job of its own');
      inline += begun;
      expect(none).toBe(0);
      expect(lane).toEqual(general);
    }),
    { numRuns: 200 },
  );
  // Without this the property would hold of a lane that never takes a message.
  expect(inline).toBeGreaterThan(50);
});
