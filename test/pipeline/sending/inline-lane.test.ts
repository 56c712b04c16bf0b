import { randomUUID } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import type { Message } from '../../../src/pipeline/message.ts';
import { type PlannedMessage, planMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { createInlineLane } from '../../../src/pipeline/sending/inline-lane.ts';
import { refuse } from '../../../src/provider/contract/provider.ts';
import { unrestrictedStep } from '../../../src/queue/message-worker.ts';
import { testRedis } from '../../support/redis.ts';
import type { Line } from '../../support/scripted-provider.ts';
import { alertOf, createHarness, createSignpost, HOUR_MS, MINUTE_MS } from '../dispatcher-harness.ts';

const { redis, prefix } = testRedis();
const ACCEPTED: Line = { kind: 'accepted', providerMessageId: 'v-1' };
const NO_CAPS: Config['caps'] = { weight: 'messages', perRecipient: [], perHour: undefined };

interface Given {
  readonly lines?: readonly Line[];
  readonly caps?: Config['caps'];
  readonly paced?: true;
  readonly hasMoney?: boolean;
  readonly concurrency?: number;
}

function createScene({ lines = [ACCEPTED], caps = NO_CAPS, paced, hasMoney = false, concurrency = 50 }: Given = {}) {
  const harness = createHarness(redis, prefix, { caps });
  const provider = harness.provider('first', lines, { ...(paced && { paced }) });
  const lane = createInlineLane({
    ...{ targets: harness.targets, dispatch: harness.dispatch, hasMoney, concurrency },
    gate: unrestrictedStep(harness.keys.prefix),
  });
  const planned = (over: Partial<Message> = {}) => planMessage(harness.message(over), undefined, undefined, harness.clock.now());
  let admitted = 0;
  /** Sends as the router does; the run of the alert is `run`. */
  const send = (step: PlannedMessage, signal = new AbortController().signal, run: string = randomUUID()) => {
    return lane.send(step, signal, async (request) => {
      admitted += 1;
      return (await harness.ledger.begin({ alert: alertOf(step), run, ...request })).opened;
    });
  };
  return { ...harness, addProvider: harness.provider, provider, planned, send, admitted: () => admitted };
}

const QUIET = { from: 0, to: 1_439, timeZone: 'UTC', override: 'critical' } as const;

describe('a message takes its queue', () => {
  it.each<[string, Partial<Message>]>([
    ['of a template', { template: { name: 't', params: {}, exact: true } }],
    ['that collects others', { digest: { countedAs: 'critical' } }],
    ['with quiet hours', { quietHours: QUIET }],
    ['of a later step', { notBefore: Date.now() + HOUR_MS }],
    ['with a code to acknowledge it', { ackCode: 'AB12' }],
    ['whose recipient hears of the resolve', { resolvedTexts: true }],
    ['that is replayed', { replay: { number: 1, at: Date.now() } }],
    ['whose first provider is not configured', { providers: ['gone'] }],
  ])('%s', async (_, over) => {
    const { planned, send, provider, admitted } = createScene();
    expect(await send({ ...planned(over), job: 'now' })).toBeUndefined();
    expect([provider.requests, admitted()]).toEqual([[], 0]);
  });

  it.each<[string, Given]>([
    ['whose provider has a pace', { paced: true }],
    ['that has a price', { hasMoney: true }],
    ['where one slot of the worker is all there is', { concurrency: 1 }],
  ])('%s', async (_, given) => {
    const { planned, send, admitted } = createScene(given);
    expect([await send(planned()), admitted()]).toEqual([undefined, 0]);
  });

  it('whose provider would surely reject it, before its alert is admitted', async () => {
    const { planned, send, provider, admitted } = createScene();
    Object.assign(provider, { preflight: () => refuse('circuit_open').error });
    expect([await send(planned()), admitted(), provider.requests]).toEqual([undefined, 0, []]);
  });

  it('that finds no room in a cap, with its alert admitted and no slot taken', async () => {
    const caps: Config['caps'] = { ...NO_CAPS, perHour: { max: 1, criticalReserve: 0 } };
    const { planned, send, provider, trace } = createScene({ caps });
    const [first, second] = [planned(), planned()];
    expect(await send(first)).toEqual([]);
    expect(await send(second)).toBeUndefined();
    expect([provider.requests.length, (await trace(second.message)).state]).toEqual([1, 'queued']);
  });

  it.each(['paused', 'concurrency', 'max'])('while that queue has the setting %s', async (setting) => {
    const { planned, send, provider, keys, trace } = createScene();
    await redis.hset(`${keys.prefix}:sms-messages:meta`, setting, 1);
    const step = planned();
    expect(await send(step)).toBeUndefined();
    expect([provider.requests, (await trace(step.message)).state]).toEqual([[], 'queued']);
  });

  it('while the calls of a provider that hangs hold all but the reserve of the slots', async () => {
    const calls = createSignpost();
    const all = createSignpost();
    let open = 0;
    const hang: Line = async () => {
      open += 1;
      if (open === 9) all.reach();
      await calls.reached;
      return ACCEPTED as never;
    };
    const { planned, send } = createScene({ lines: [hang], concurrency: 10 });
    const hanging = Array.from({ length: 9 }, () => send(planned()));
    await all.reached;
    expect(await send(planned())).toBeUndefined();
    calls.reach();
    expect(await Promise.all(hanging)).toEqual(Array(9).fill([]));
    expect(await send(planned())).toEqual([]);
  });
});

test('an accepted message needs no job', async () => {
  const { planned, send, provider, trace, ledger } = createScene();
  const step = planned();
  expect(await send(step)).toEqual([]);
  expect(provider.requests).toHaveLength(1);
  expect([(await trace(step.message)).state, await ledger.inFlight()]).toEqual(['accepted', 0]);
});

test('a message that comes back later has a job for then, which asks the ledger first', async () => {
  const scene = createScene();
  const retryAt = new Date(scene.clock.at + MINUTE_MS);
  scene.targets.clear();
  scene.addProvider('first', [refuse('throttled', { retryAt })]);
  const step = scene.planned({ providers: ['first'] });
  const [waiting, ...others] = (await scene.send(step)) ?? [];
  expect(others).toEqual([]);
  const job = waiting?.job;
  expect(typeof job === 'object' ? [job.again, job.until >= retryAt] : job).toEqual([true, true]);
});

test('a message that failed has a job that moves to the dead letters with the reason', async () => {
  const { planned, send, trace } = createScene({ lines: [refuse('recipient', { code: '21211' })] });
  const step = planned();
  const [dead] = (await send(step)) ?? [];
  expect([dead?.job, dead?.message.failure, (await trace(step.message)).state]).toEqual([
    'again',
    expect.stringContaining('21211'),
    'failed',
  ]);
});

describe('a run that ends early', () => {
  it('after its attempt was opened leaves it open: a later run does not send before the lease ends', async () => {
    const {
      planned,
      send,
      run,
      endLease,
      provider,
      message: _,
      ...scene
    } = createScene({ lines: [() => new Promise(() => undefined), ACCEPTED] });
    const step = planned({ onUnknown: 'hold' });
    void send(step);
    await expect.poll(() => provider.requests.length).toBe(1);
    expect(await run(step.message, { rerun: true })).toMatchObject({ kind: 'deferred', reason: 'unknown_outcome' });
    await endLease(step.message);
    expect(await run(step.message, { rerun: true })).toMatchObject({ kind: 'unknown' });
    expect([provider.requests.length, (await scene.trace(step.message)).state]).toEqual([1, 'unknown']);
  });

  it('with a lost lock before the attempt is opened writes nothing', async () => {
    const { planned, send, provider, admitted } = createScene();
    await expect(send(planned(), AbortSignal.abort(new Error('lock lost')))).rejects.toThrow('lock lost');
    expect([provider.requests, admitted()]).toEqual([[], 0]);
  });

  it('with a lost lock between its attempt and its request sends nothing', async () => {
    const run = new AbortController();
    const scene = createScene();
    const step = scene.planned();
    const { begin } = scene.ledger;
    Object.assign(scene.ledger, {
      begin: async (...request: Parameters<typeof begin>) => {
        const begun = await begin(...request);
        run.abort(new Error('lock lost'));
        return begun;
      },
    });
    await scene.send(step, run.signal).catch(() => undefined);
    expect(scene.provider.requests).toEqual([]);
    expect((await scene.trace(step.message)).attempts).toMatchObject([{ result: 'refused', code: 'run_aborted' }]);
  });

  it('and repeats its step, because the reply was lost, has the same attempt', async () => {
    const { planned, ledger, keys } = createScene();
    const step = planned();
    const { id, dedupHash, phoneHash, receivedAt } = step.message;
    const request = {
      alert: alertOf(step),
      run: 'run-1',
      gate: unrestrictedStep(keys.prefix),
      attempt: {
        ...{ messageId: id, dedupHash, phoneHash, receivedAt, token: 'token-1', leaseMs: 1_000, unknownsAllowed: 0 },
        record: { provider: 'first', startedAt: new Date(0).toISOString() },
      },
    };
    const first = await ledger.begin(request);
    expect(await ledger.begin(request)).toEqual(first);
    expect(first).toMatchObject({ admission: { kind: 'admitted', fresh: true }, opened: { kind: 'opened', number: 1 } });
    expect(await ledger.begin({ ...request, run: 'run-2' })).toMatchObject({ admission: { kind: 'admitted', fresh: false } });
  });
});
