import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { FIRST_OPEN_MS, LONGEST_OPEN_MS, MIN_VOLUME, PROBES, SLOW_START_MS } from '../../../src/provider/breaker/breaker.ts';
import { type CircuitChange, type ProviderPause, withBreaker } from '../../../src/provider/breaker/with-breaker.ts';
import { type Accepted, ProviderError, type Refused, refuse, type SmsMessage } from '../../../src/provider/contract/provider.ts';
import { createScriptedProvider, type Line } from '../../support/scripted-provider.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const T0 = Date.UTC(2026, 10, 20);
const yes: Accepted = { kind: 'accepted', providerMessageId: 'SM1' };
const down = refuse('unavailable', { code: 'ECONNREFUSED' });

function setup(answer: Line) {
  const clock = createSettableClock(T0);
  const changes: CircuitChange[] = [];
  const pauses: ProviderPause[] = [];
  const desk = { answer, onChangeThrows: false };
  const scripted = createScriptedProvider('a', [
    (message, signal) => (typeof desk.answer === 'function' ? desk.answer(message, signal) : desk.answer),
  ]);
  const observerErrors: unknown[] = [];
  const provider = withBreaker(scripted, {
    clock,
    timeoutMs: 15_000,
    onChange: (change) => {
      changes.push(change);
      if (desk.onChangeThrows) throw new Error('the observer failed');
    },
    onPause: (pause) => {
      pauses.push(pause);
      if (desk.onChangeThrows) throw new Error('the observer failed');
    },
    onObserverError: (error) => void observerErrors.push(error),
  });
  const never = new AbortController().signal;
  const send = (message = text(), signal = never) => provider.send(message, signal);
  const sendMany = async (count: number) => {
    for (let i = 0; i < count; i += 1) await send();
  };
  const admits = (message = text()) => provider.preflight?.(message) === undefined;
  return {
    clock,
    changes,
    pauses,
    observerErrors,
    desk,
    scripted,
    provider,
    send,
    sendMany,
    admits,
    states: () => changes.map(({ state }) => state),
  };
}

/** Every fourth is urgent: as many as the part of a slow start that is theirs. */
const mixed = (n: number): SmsMessage => ({ ...text(), urgent: n % 4 === 0 });

const text = (): SmsMessage => ({
  id: randomUUID(),
  to: '+60123456789' as E164,
  text: 'Disk full',
  expiresAt: new Date(T0 + 3_600_000),
  variables: { instance: '', priority: 'CRITICAL', content: 'Disk full' },
});

/** A call that the test answers when it likes. */
function slowly() {
  let answer: (answer: Accepted | Refused) => void = () => undefined;
  const answered = new Promise<Accepted | Refused>((resolve) => {
    answer = resolve;
  });
  return { line: () => answered, answer };
}

describe('a provider that keeps failing', () => {
  it('is not asked any more, by preflight and by send alike', async () => {
    const { scripted, send, sendMany, provider, changes } = setup(down);
    await sendMany(MIN_VOLUME + 5);
    expect(scripted.requests).toHaveLength(MIN_VOLUME);
    const until = new Date(T0 + FIRST_OPEN_MS);
    expect(changes).toEqual([{ state: 'open', until, error: down.error }]);
    expect(provider.preflight?.(text())).toMatchObject({
      reason: 'circuit_open',
      retryAt: until,
      unasked: true,
      failover: true,
      retry: true,
    });
    expect(await send()).toMatchObject({ kind: 'refused', error: { reason: 'circuit_open', retryAt: until, unasked: true } });
  });

  it('is tried by one text at a time, gets more and more, and then all', async () => {
    const { clock, desk, scripted, send, sendMany, admits, states } = setup(down);
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    const slow = slowly();
    desk.answer = slow.line;
    const probing = send();
    expect([admits(), admits(), (await send()).kind]).toEqual([false, false, 'refused']);
    expect(scripted.requests).toHaveLength(MIN_VOLUME + 1);
    desk.answer = yes;
    slow.answer(yes);
    expect(await probing).toBe(yes);
    await sendMany(PROBES - 1);
    expect(states()).toEqual(['open', 'half_open', 'recovering']);

    const crowd = Array.from({ length: 1000 }, (_, n) => mixed(n));
    const share = () => crowd.filter((message) => admits(message)).length / crowd.length;
    expect(share()).toBeCloseTo(0.1, 1);
    clock.at += SLOW_START_MS / 2;
    expect(share()).toBeCloseTo(0.55, 1);
    expect(states()).toEqual(['open', 'half_open', 'recovering']);
    clock.at += SLOW_START_MS / 2;
    expect(share()).toBe(1);
    expect(states()).toEqual(['open', 'half_open', 'recovering', 'closed']);
  });

  it('gets the same share of what is sent', async () => {
    const { clock, desk, scripted, send, sendMany } = setup(down);
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    await sendMany(PROBES);
    const slow = slowly();
    desk.answer = slow.line;
    const before = scripted.requests.length;
    const crowd = Array.from({ length: 1000 }, (_, n) => send(mixed(n)));
    slow.answer(yes);
    await Promise.all(crowd);
    expect((scripted.requests.length - before) / 1000).toBeCloseTo(0.1, 1);
  });

  it('gets the urgent ones before the rest, and not all of those together', async () => {
    const { clock, desk, admits, sendMany } = setup(down);
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    await sendMany(PROBES);
    const shareOf = (urgent: boolean) =>
      Array.from({ length: 1000 }, text).filter((message) => admits({ ...message, urgent })).length / 1000;
    expect([shareOf(true), shareOf(false)]).toEqual([expect.closeTo(0.4, 1), 0]);
    clock.at += SLOW_START_MS / 4;
    expect([shareOf(true), shareOf(false)]).toEqual([1, expect.closeTo(0.1, 1)]);
  });

  it('passes a single message immediately in its slow start', async () => {
    const { clock, desk, scripted, sendMany } = setup(down);
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    await sendMany(PROBES + 20);
    expect(scripted.requests).toHaveLength(MIN_VOLUME + PROBES + 20);
  });

  it('stays open for longer when the probe fails', async () => {
    const { clock, scripted, sendMany, changes } = setup(down);
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    await sendMany(5);
    expect(scripted.requests).toHaveLength(MIN_VOLUME + 1);
    expect(changes.at(-1)).toMatchObject({ state: 'open', until: new Date(clock.at + 2 * FIRST_OPEN_MS) });
  });

  it('is not judged by answers to what was sent before the circuit opened', async () => {
    const { clock, desk, send, sendMany, states } = setup(down);
    const [late, later] = [slowly(), slowly()];
    desk.answer = late.line;
    const timingOut = send();
    desk.answer = later.line;
    const refusedLate = send();
    desk.answer = down;
    await sendMany(MIN_VOLUME);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    await sendMany(1);
    late.answer(refuse('unknown_outcome', { code: 'TIMEOUT' }));
    later.answer(refuse('auth'));
    await Promise.all([timingOut, refusedLate]);
    expect(states()).toEqual(['open', 'half_open', 'recovering']);
    await sendMany(PROBES - 1);
    clock.at += SLOW_START_MS;
    await sendMany(1);
    expect(states()).toEqual(['open', 'half_open', 'recovering', 'closed']);
  });
});

describe('the text that tries a provider out', () => {
  async function atHalfOpen() {
    const made = setup(down);
    await made.sendMany(MIN_VOLUME);
    made.clock.at += FIRST_OPEN_MS;
    made.desk.answer = yes;
    return made;
  }

  it('may be asked about twice, and is the one that may be sent', async () => {
    const { admits, send } = await atHalfOpen();
    const probe = text();
    expect([admits(probe), admits(), admits(probe)]).toEqual([true, false, true]);
    expect((await send()).kind).toBe('refused');
    expect(await send(probe)).toBe(yes);
  });

  it('loses its turn to the next when it is not sent after all', async () => {
    const { admits, clock } = await atHalfOpen();
    expect([admits(), admits()]).toEqual([true, false]);
    clock.at += 10_000;
    expect([admits(), admits()]).toEqual([true, false]);
  });

  it('keeps its turn while it is on its way', async () => {
    const { admits, clock, desk, send } = await atHalfOpen();
    const slow = slowly();
    desk.answer = slow.line;
    const probing = send();
    clock.at += 15_000;
    expect(admits()).toBe(false);
    slow.answer(yes);
    await probing;
    expect(admits()).toBe(true);
  });

  it('takes no turn where the vendor would refuse it for what it says', async () => {
    const made = await atHalfOpen();
    const unfit = new ProviderError('content', { code: 'TOO_LONG' });
    const probe = text();
    const provider = withBreaker(
      { ...made.scripted, preflight: ({ id }) => (id === probe.id ? unfit : undefined) },
      {
        clock: made.clock,
        timeoutMs: 15_000,
        onChange: () => undefined,
        onObserverError: () => expect.unreachable(),
      },
    );
    made.desk.answer = refuse('auth');
    await provider.send(text(), new AbortController().signal);
    made.clock.at += LONGEST_OPEN_MS;
    expect(provider.preflight?.(probe)).toBe(unfit);
    expect(provider.preflight?.(text())).toBeUndefined();
  });
});

describe('the account', () => {
  it.each(['auth', 'balance'] as const)('a refusal for %s opens the breaker immediately, for a minute', async (reason) => {
    const { scripted, sendMany, changes } = setup(refuse(reason, { code: '20003' }));
    await sendMany(3);
    expect(scripted.requests).toHaveLength(1);
    expect(changes).toMatchObject([{ state: 'open', until: new Date(T0 + LONGEST_OPEN_MS), error: { reason, code: '20003' } }]);
  });

  it('is not blamed for what concerns one number only', async () => {
    const { scripted, sendMany, changes } = setup(refuse('auth', { code: '21408', onlyThisMessage: true }));
    await sendMany(3 * MIN_VOLUME);
    expect(scripted.requests).toHaveLength(3 * MIN_VOLUME);
    expect(changes).toEqual([]);
  });
});

describe('a throttled provider', () => {
  it('is left alone until the moment it named, then one text tries it, and then all go', async () => {
    const retryAt = new Date(T0 + 30_000);
    const { clock, desk, scripted, send, sendMany, admits, provider, changes, pauses } = setup(refuse('throttled', { retryAt }));
    await sendMany(100);
    expect(pauses).toMatchObject([{ until: retryAt, error: { reason: 'throttled', retryAt } }]);
    expect(scripted.requests).toHaveLength(1);
    expect(provider.preflight?.(text())).toMatchObject({ reason: 'throttled', retryAt, unasked: true });
    clock.at += 30_000;
    await sendMany(100);
    expect(scripted.requests).toHaveLength(2);
    clock.at += 1_000;
    desk.answer = yes;
    const probe = text();
    expect([admits(probe), admits()]).toEqual([true, false]);
    await send(probe);
    expect([admits(), admits()]).toEqual([true, true]);
    expect(changes).toEqual([]);
    expect(pauses).toHaveLength(2);
  });

  it('reports a pause, and what the reporting throws does not reach the call', async () => {
    const { desk, send, pauses, observerErrors } = setup(refuse('throttled'));
    desk.onChangeThrows = true;
    expect(await send()).toMatchObject({ kind: 'refused', error: { reason: 'throttled' } });
    expect([pauses.length, observerErrors.length]).toEqual([1, 1]);
  });

  it('goes on for all others when the limit is of one number', async () => {
    const { scripted, sendMany, pauses } = setup(refuse('throttled', { retryAt: new Date(T0 + 30_000), onlyThisMessage: true }));
    await sendMany(100);
    expect(scripted.requests).toHaveLength(100);
    expect(pauses).toEqual([]);
  });
});

describe('what does not count', () => {
  it('calls that we broke off ourselves', async () => {
    const { send, changes } = setup(refuse('unknown_outcome', { code: 'ABORTED' }));
    const stopping = AbortSignal.abort();
    for (let i = 0; i < 3 * MIN_VOLUME; i += 1) await send(text(), stopping);
    expect(changes).toEqual([]);
  });

  it.each(['recipient', 'opted_out', 'content'] as const)('refusals for %s, however many', async (reason) => {
    const { scripted, sendMany, changes } = setup(refuse(reason));
    await sendMany(100);
    expect(scripted.requests).toHaveLength(100);
    expect(changes).toEqual([]);
  });
});

it('a bug in the adapter counts as a failure, and is thrown on', async () => {
  const { scripted, send, states } = setup(() => {
    throw new Error('a bug');
  });
  for (let i = 0; i < MIN_VOLUME; i += 1) await expect(send()).rejects.toThrow('a bug');
  expect((await send()).kind).toBe('refused');
  expect(scripted.requests).toHaveLength(MIN_VOLUME);
  expect(states()).toEqual(['open']);
});

it('all else is the provider’s own: name, limits, look-ups, checks, close', async () => {
  const status = async () => ({ kind: 'absent' as const });
  const check = async () => [];
  const close = async () => undefined;
  const inner = { ...createScriptedProvider('a', [yes]), maxCharacters: 1600, status, check, close };
  const { name, maxCharacters, ...wrapped } = withBreaker(inner, {
    clock: createSettableClock(T0),
    timeoutMs: 1,
    onChange: () => undefined,
    onObserverError: () => expect.unreachable(),
  });
  expect({ name, maxCharacters }).toEqual({ name: 'a', maxCharacters: 1600 });
  expect([wrapped.status, wrapped.check, wrapped.close]).toEqual([status, check, close]);
});

describe('a provider that fails nine times and then accepts', () => {
  it('has its circuit closed still: only a failing call opens it', async () => {
    const { desk, send, sendMany, states } = setup(down);
    await sendMany(MIN_VOLUME - 1);
    desk.answer = yes;
    expect(await send()).toBe(yes);
    expect(states()).toEqual([]);
    desk.answer = down;
    await send();
    expect(states()).toEqual(['open']);
  });
});

describe('an observer that throws', () => {
  it('changes neither what a call returned nor the state of the circuit', async () => {
    const { desk, send, sendMany, clock, states, observerErrors, changes } = setup(down);
    desk.onChangeThrows = true;
    await sendMany(MIN_VOLUME - 1);
    expect(await send()).toBe(down);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    for (let probe = 0; probe < PROBES; probe += 1) expect(await send()).toBe(yes);
    clock.at += SLOW_START_MS;
    expect(await send()).toBe(yes);
    expect(states()).toEqual(['open', 'half_open', 'recovering', 'closed']);
    expect(observerErrors).toHaveLength(changes.length);
  });
});

describe('whether a provider serves', () => {
  it('is yes for criticals once their part of the slow start has passed, and for the rest when it is closed', async () => {
    const { provider, sendMany, desk, clock } = setup(down);
    const serves = () => [provider.serves?.(true), provider.serves?.(false)];
    expect(serves()).toEqual([true, true]);
    await sendMany(MIN_VOLUME);
    expect(serves()).toEqual([false, false]);
    clock.at += FIRST_OPEN_MS;
    desk.answer = yes;
    expect(serves()).toEqual([false, false]);
    await sendMany(PROBES);
    expect(serves()).toEqual([false, false]);
    clock.at += SLOW_START_MS / 4;
    expect(serves()).toEqual([true, false]);
    clock.at += SLOW_START_MS;
    expect(serves()).toEqual([true, true]);
  });

  it('is no while it has asked to be left alone, until a request goes through', async () => {
    const { provider, send, desk, clock } = setup(refuse('throttled', { retryAt: new Date(T0 + 30_000) }));
    await send();
    expect([provider.serves?.(true), provider.serves?.(false)]).toEqual([false, false]);
    clock.at += 30_000;
    expect(provider.serves?.(true)).toBe(false);
    desk.answer = yes;
    await send();
    expect([provider.serves?.(true), provider.serves?.(false)]).toEqual([true, true]);
  });
});
