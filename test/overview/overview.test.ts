import { describe, expect, test } from 'vitest';
import type { HistoryAttempt, MessageState } from '../../src/ledger/history/history.ts';
import type { JournalEntry } from '../../src/ledger/journal/journal-entry.ts';
import { type CircuitNote, createCircuits } from '../../src/overview/circuits.ts';
import { readRedisFigures } from '../../src/overview/figures.ts';
import { countLately } from '../../src/overview/overview.ts';
import { createProcesses, MOST_PROCESSES, mergeSetups } from '../../src/overview/processes.ts';
import { judgeProviders, type ProviderHealth } from '../../src/overview/provider-health.ts';
import { CIRCUITS_TTL_MS, createKeys, PROCESS_TTL_MS } from '../../src/redis/keys.ts';
import { laneOf } from '../cli/overviews.ts';
import { testRedis } from '../support/redis.ts';

const NOW = new Date('2026-11-20T03:10:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);

const of = (provider: string, result: HistoryAttempt['result'], reason?: string): HistoryAttempt => ({
  provider,
  startedAt: NOW.toISOString(),
  ...(result === undefined ? {} : { result }),
  ...(reason === undefined ? {} : { reason }),
});

function message(secondsAgo: number, state: MessageState, attempt: HistoryAttempt | null = null): JournalEntry {
  const message = { id: 'm-1', alertId: 'a', state, reason: null, provider: attempt?.provider ?? null, attempt };
  return { seq: `${ago(secondsAgo).getTime()}-0`, at: ago(secondsAgo), kind: 'message', message };
}

function alert(secondsAgo: number, outcome: 'routed' | 'suppressed' | 'acknowledged'): JournalEntry {
  const alert = { id: 'a', severity: 'critical', outcome, reason: null, dedupKey: 'k', contacts: [], messages: 1 };
  return { seq: `${ago(secondsAgo).getTime()}-0`, at: ago(secondsAgo), kind: 'alert', alert };
}

test('what happened lately is counted by state, and what is older is not', () => {
  const entries = [message(10, 'accepted'), message(20, 'accepted'), message(30, 'failed'), alert(40, 'routed'), message(400, 'accepted')];
  const { lately, recent } = countLately(entries, true, NOW, 300_000);
  expect(lately).toEqual({ seconds: 300, alerts: 1, messages: { accepted: 2, failed: 1 } });
  expect(recent).toHaveLength(4);
});

test('a refusal that a retry or another provider follows is no end, and an acknowledgement no second outcome', () => {
  const entries = [message(1, 'sending', of('sns', 'refused', 'throttled')), alert(2, 'acknowledged'), alert(3, 'suppressed')];
  expect(countLately(entries, true, NOW, 300_000).lately).toMatchObject({ alerts: 1, messages: {} });
});

test('where more happened than was read, the figures say how far back they reach', () => {
  const { lately } = countLately([message(1, 'accepted'), message(42, 'accepted')], false, NOW, 300_000);
  expect(lately.seconds).toBe(42);
});

const types = new Map([
  ['sns', 'sns'],
  ['desk', 'simulated'],
]);
const judged = (entries: readonly JournalEntry[], circuits: readonly CircuitNote[] = [], now = NOW) => {
  const [sns] = judgeProviders(types, entries, entries.length, circuits, now);
  return sns as ProviderHealth;
};
const circuit = (state: CircuitNote['state'], secondsAgo: number, facts: Partial<CircuitNote> = {}): CircuitNote => ({
  provider: 'sns',
  state,
  since: ago(90).getTime(),
  at: ago(secondsAgo).getTime(),
  reason: 'auth',
  code: '20003',
  ...facts,
});

test('a provider shows its worst circuit, and its newest refusal says why', () => {
  const circuits = [circuit('half_open', 5, { reason: 'unavailable' }), circuit('open', 60, { since: ago(60).getTime() })];
  const entries = [message(1, 'failed', of('sns', 'refused', 'auth')), message(70, 'accepted', of('sns', 'accepted'))];
  expect(judgeProviders(types, entries, entries.length, circuits, NOW)).toEqual([
    {
      provider: 'sns',
      type: 'sns',
      circuit: 'open',
      since: ago(60).toISOString(),
      reason: 'auth',
      code: '20003',
      accepted: 1,
      refused: 1,
      unknown: 0,
      lastReason: 'auth',
      last: { requests: 2, accepted: 1, reason: 'auth', code: null },
      down: { by: 'circuit', reason: 'auth', code: '20003', since: ago(60).toISOString(), until: null },
    },
    {
      provider: 'desk',
      type: 'simulated',
      circuit: 'closed',
      since: null,
      reason: null,
      code: null,
      accepted: 0,
      refused: 0,
      unknown: 0,
      lastReason: null,
      last: { requests: 0, accepted: 0, reason: null, code: null },
      down: null,
    },
  ]);
});

const refusals = (count: number, reason: string, everySeconds = 60) =>
  Array.from({ length: count }, (_, index) => message(index * everySeconds, 'queued', of('sns', 'refused', reason)));

const ofSeveral = (entries: readonly JournalEntry[]): JournalEntry[] =>
  entries.map((entry, index) => (entry.kind === 'message' ? { ...entry, message: { ...entry.message, id: `m-${index}` } } : entry));

test.each<[string, readonly JournalEntry[], readonly CircuitNote[], Partial<ProviderHealth['down']> | null]>([
  ['its circuit is open', [], [circuit('open', 10)], { by: 'circuit', reason: 'auth', code: '20003' }],
  ['it is being tried and nothing is known yet', [], [circuit('half_open', 1)], { by: 'circuit', reason: 'auth' }],
  ['it accepted a trial', [], [circuit('recovering', 1)], null],
  ['another dispatcher had a message accepted since', [message(5, 'accepted', of('sns', 'accepted'))], [circuit('open', 10)], null],
  ['its last acceptance is older', [message(15, 'accepted', of('sns', 'accepted'))], [circuit('open', 10)], { by: 'circuit' }],
  [
    'it asked for a pause',
    [],
    [circuit('paused', 10, { reason: 'throttled', until: ago(-3600).getTime() })],
    { by: 'paused', reason: 'throttled', until: ago(-3600).toISOString() },
  ],
  ['it accepted none of its last requests', refusals(5, 'unavailable'), [], { by: 'refusing', reason: 'unavailable' }],
  ['four refusals prove nothing', refusals(4, 'unavailable'), [], null],
  ['refusals of two hours ago prove nothing', refusals(5, 'unavailable', 1800), [], null],
  ['it accepted the fifth newest', [...refusals(4, 'unavailable'), message(250, 'accepted', of('sns', 'accepted'))], [], null],
  [
    'one message was refused again and again after another was accepted',
    [...refusals(9, 'auth'), message(590, 'accepted', of('sns', 'accepted'))],
    [],
    null,
  ],
  [
    'it accepted nothing any more after one that it accepted within its last ten',
    [...ofSeveral(refusals(5, 'unknown_outcome')), message(300, 'accepted', of('sns', 'accepted'))],
    [],
    { by: 'refusing', reason: 'unknown_outcome', since: ago(240).toISOString() },
  ],
  ['numbers and texts were refused, which is not its fault', refusals(8, 'recipient'), [], null],
])('whether a provider is down: %s', (_when, entries, circuits, down) => {
  const found = judged(entries, circuits).down;
  if (down === null) expect(found).toBeNull();
  else expect(found).toMatchObject(down);
});

describe('the notes of circuits', () => {
  const setup = () => {
    const { redis, prefix } = testRedis();
    const keys = createKeys(prefix);
    return [createCircuits(redis, keys, 'one'), createCircuits(redis, keys, 'other')] as const;
  };

  test('hold while a circuit is not closed, with since when and why, and go with their dispatcher', async () => {
    const [one, other] = setup();
    await one.publish('sns', 'open', ago(60), { reason: 'unavailable', code: 'ECONNREFUSED' });
    await one.publish('sns', 'half_open', ago(30));
    await other.publish('sns', 'open', ago(10), { reason: 'auth' });
    expect(await one.read(NOW)).toHaveLength(2);
    expect(await other.read(NOW)).toContainEqual({
      provider: 'sns',
      state: 'half_open',
      since: ago(60).getTime(),
      at: ago(30).getTime(),
      reason: 'unavailable',
      code: 'ECONNREFUSED',
      until: null,
    });
    await one.publish('sns', 'closed', NOW);
    expect(await one.read(NOW)).toHaveLength(1);
    await other.forget();
    expect(await one.read(NOW)).toEqual([]);
  });

  test.each([
    ['the first one through reopenings', ['unavailable', 'unknown_outcome'], 'unavailable'],
    ['a refused account, whatever follows', ['auth', 'unavailable', 'unknown_outcome'], 'auth'],
    ['a refused account, whatever came before', ['unavailable', 'balance'], 'balance'],
  ])('keep as the reason %s', async (_which, reasons, kept) => {
    const [one, other] = setup();
    for (const [index, reason] of reasons.entries()) {
      await one.publish('sns', 'open', ago(60 - index * 10), { reason, code: `code of ${reason}` });
      await one.publish('sns', 'half_open', ago(55 - index * 10));
    }
    expect(await other.read(NOW)).toMatchObject([{ reason: kept, code: `code of ${kept}`, since: ago(60).getTime() }]);
  });

  test('are not believed when nothing was published for an hour', async () => {
    const [circuits] = setup();
    await circuits.publish('sns', 'open', ago(3600), { reason: 'auth' });
    expect(await circuits.read(NOW)).toEqual([]);
  });

  test('of a pause end with it, a minute later, beside that of the circuit', async () => {
    const [circuits] = setup();
    await circuits.publish('sns', 'paused', ago(200), { reason: 'throttled', code: '14107', until: ago(-100) });
    await circuits.publish('sns', 'open', ago(100), { reason: 'unavailable' });
    const states = async (now: Date) => (await circuits.read(now)).map(({ state }) => state).sort();
    expect(await states(ago(-159))).toEqual(['open', 'paused']);
    expect(await states(ago(-161))).toEqual(['open']);
  });
});

test('a process is known by its note while it repeats it, and forgotten when it ends', async () => {
  const { redis, prefix } = testRedis();
  const keys = createKeys(prefix);
  const [one, other] = [createProcesses(redis, keys, 'one'), createProcesses(redis, keys, 'other')];
  const note = { role: 'dispatcher', host: 'a', hash: '0123456789ab', refusedAt: null };
  await one.publish(note);
  await other.publish({ ...note, refusedAt: NOW.toISOString() });
  expect(await one.read()).toHaveLength(2);
  const [seconds] = await redis.time();
  const long = Number(seconds) * 1000 - PROCESS_TTL_MS - 1000;
  await redis.hset(keys.processes(), 'one', `${long} ${JSON.stringify(note)}`);
  expect(await one.read()).toEqual([{ ...note, refusedAt: NOW.toISOString() }]);
  await other.forget();
  expect(await one.read()).toEqual([]);
});

test("Redis' own words say how safe it is", () => {
  const info = [
    '# Server\r\nredis_version:7.0.15\r\nuptime_in_seconds:77',
    'used_memory:1000\r\nmaxmemory:2000\r\nmaxmemory_policy:allkeys-lru\r\nevicted_keys:3',
    'aof_enabled:0\r\naof_last_write_status:ok\r\nrdb_last_bgsave_status:err\r\n',
  ].join('\r\n');
  expect(readRedisFigures(info)).toEqual({
    version: '7.0.15',
    uptimeSeconds: 77,
    usedMemoryBytes: 1000,
    maxMemoryBytes: 2000,
    maxMemoryPolicy: 'allkeys-lru',
    evictedKeys: 3,
    appendOnly: false,
    lastWriteOk: false,
  });
});

test('what the running dispatchers send through is judged, all of them together; a process that sends nothing has no say', () => {
  const note = { role: 'dispatcher', host: 'a', hash: '0123456789ab', refusedAt: null };
  const one = { ...note, sends: { providers: { sns: 'sns' }, routes: [laneOf('default', ['sns'])] } };
  const other = {
    ...note,
    sends: {
      providers: { sns: 'sns', desk: 'simulated' },
      routes: [laneOf('default', ['sns']), laneOf('new', ['desk'], { simulated: true })],
    },
  };
  expect(mergeSetups([one, one, { ...note, role: 'receiver' }])).toEqual(one.sends);
  expect(mergeSetups([one, other])).toEqual(other.sends);
  expect(mergeSetups([{ ...note, role: 'receiver' }])).toBeUndefined();
});

describe('hashes that every process writes to', () => {
  const { redis: server, prefix: own } = testRedis();

  test('notes of processes that crashed are removed by those that go on, a page at a time', async () => {
    const keys = createKeys(`${own}:crashed`);
    const stale = Array.from({ length: 450 }, (_, n) => [`gone-${n}`, `1000 ${JSON.stringify({ role: 'router', host: 'x'.repeat(80) })}`]);
    await server.hset(keys.processes(), Object.fromEntries(stale));
    const one = createProcesses(server, keys, 'me');
    for (let n = 0; n < 12; n += 1) await one.publish({ role: 'router', host: 'a', hash: 'h', refusedAt: null });
    expect(await server.hkeys(keys.processes())).toEqual(['me']);
    await server.del(keys.processes());
  });

  test('an overview reads no more notes than it can use, in pages', async () => {
    const keys = createKeys(`${own}:many`);
    const line = `${Date.now() + 60_000} ${JSON.stringify({ role: 'router', host: 'x'.repeat(80), hash: 'h', refusedAt: null })}`;
    await server.hset(keys.processes(), Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`p-${n}`, line])));
    expect(await createProcesses(server, keys, 'reader').read()).toHaveLength(MOST_PROCESSES);
    await server.del(keys.processes());
  });

  test('circuit notes of dispatchers that crashed go, and those that still hold stay', async () => {
    const keys = createKeys(`${own}:circuits`);
    const noteAt = (at: number, until: number | null = null) =>
      JSON.stringify({ provider: 'sns', state: until === null ? 'open' : 'paused', since: at, at, until, reason: 'x'.repeat(80) });
    const old = NOW.getTime() - 2 * CIRCUITS_TTL_MS;
    const stale = Array.from({ length: 450 }, (_, n) => [`gone-${n} sns`, noteAt(old)]);
    await server.hset(
      keys.circuits(),
      Object.fromEntries([...stale, ['there sns', noteAt(NOW.getTime())], ['asked sns', noteAt(old, NOW.getTime() + 1)]]),
    );
    const mine = createCircuits(server, keys, 'me');
    for (let n = 0; n < 12; n += 1) await mine.publish('twilio', n % 2 === 0 ? 'open' : 'half_open', NOW);
    expect((await server.hkeys(keys.circuits())).sort()).toEqual(['asked sns', 'me twilio', 'there sns']);
    expect(await createCircuits(server, keys, 'reader').read(NOW)).toHaveLength(3);
    await server.del(keys.circuits());
  });
});
