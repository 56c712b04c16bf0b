import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../src/queue/dead-letters/dead-letters-port.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { alertHistory, attempt, messageHistory } from '../../support/fixtures/history.ts';
import { deadLetter } from '../dead-world.ts';
import { type } from '../recording-deps.ts';

const MALFORMED: DeadLetter = deadLetter({
  id: 'order-42',
  what: 'alert',
  state: 'malformed',
  route: null,
  alertId: 'order-42',
  severity: null,
  to: null,
  contact: null,
  reason: 'malformed',
  code: null,
  detail: 'malformed: severity: unknown severity "loud"\u001b[2J\nand more',
  diedAt: '2026-11-20T02:59:00.000Z',
  stored: { data: '41 bytes', fields: 'severity, text, to' },
});
const letters = [MALFORMED, deadLetter(), deadLetter({ id: 'm-2', alertId: 'a-2', contact: null, reason: 'recipient', code: null })];

const done = (calls: readonly (readonly [string, ...unknown[]])[]) =>
  calls.filter(([name]) => name === 'replay' || name === 'discard').map(([name, id]) => `${name} ${id}`);

describe('dead list', () => {
  test('shows the newest first, one line each, and their number', async () => {
    const { code, stdout, stderr } = await type(['dead', 'list', '--limit', '2'], { dead: { letters } });
    expect(stdout).toBe(
      [
        'id   what     state   severity  to                     reason     code   since (UTC)          alert',
        'm-2  message  failed  critical  +60*******789          recipient  -      2026-11-20 03:00:05  a-2',
        'm-1  message  failed  critical  +60*******789 (alice)  content    30034  2026-11-20 03:00:05  a-1',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('2 of 3 dead letters\n');
    expect(code).toBe(0);
  });

  test('names the channel whose notification failed', async () => {
    const notice = deadLetter({ id: 'n-1', what: 'notice', to: null, contact: null, code: 'smtp_535', stored: { channel: 'ops-mail' } });
    const { stdout } = await type(['dead', 'list'], { dead: { letters: [notice] } });
    expect(stdout).toMatch(/\nn-1 +notice +failed +critical +ops-mail +\w+ +smtp_535 /);
  });

  test('reports that there are no dead letters', async () => {
    expect(await type(['dead', 'list'])).toMatchObject({ code: 0, stdout: '', stderr: 'no dead letters\n' });
  });

  test('--json contains every field and nothing of the job', async () => {
    const { stdout } = await type(['dead', 'list', '--json'], { dead: { letters: [MALFORMED] } });
    const { stored: _, ...fields } = MALFORMED;
    expect(JSON.parse(stdout)).toEqual({ total: 1, more: false, dead: [fields] });
  });

  test('an unreachable Redis is exit 1 and its address is shown', async () => {
    const open = () => {
      throw new RedisUnavailableError('frozen');
    };
    const { code, stderr } = await type(['dead', 'list'], { dead: { open } });
    expect(code).toBe(1);
    expect(stderr).toContain('Redis is not available: frozen\nTried 10.0.0.5:6379');
  });
});

const UNKNOWN = deadLetter({ id: 'm-3', alertId: 'a-3', state: 'unknown', reason: 'unknown_outcome', code: null });
const EXPIRED = deadLetter({
  id: 'm-4',
  alertId: 'a-4',
  state: 'expired',
  reason: 'auth',
  code: '20003',
  severity: 'warning',
  route: 'bulk',
});
const ALL = [...letters, UNKNOWN, EXPIRED];

describe('expired messages and unknown outcomes', () => {
  test('are in the list, with a hint on how to resolve an unknown one', async () => {
    const { stdout, stderr } = await type(['dead', 'list'], { dead: { letters: ALL } });
    expect(stdout).toMatch(/\nm-4 +message +expired +warning .* auth +20003 /);
    expect(stdout).toMatch(/\nm-3 +message +unknown +critical /);
    expect(stderr).toBe('5 of 5 dead letters\nunknown outcome: sms-dispatch unknown resolve m-3 --sent, or --not-sent\n');
  });

  test.each([
    [['--reason', 'auth'], ['m-4']],
    [['--reason', 'expired'], ['m-4']],
    [['--severity', 'warning'], ['m-4']],
    [['--route', 'bulk'], ['m-4']],
    [['--since', '2026-11-20T03:00:00Z', '--reason', 'content'], ['m-1']],
    [['--since', '2026-11-20T03:00:06Z'], []],
  ])('are narrowed by %j', async (flags, ids) => {
    const { stdout, stderr } = await type(['dead', 'list', '--json', ...flags], { dead: { letters: ALL } });
    expect((JSON.parse(stdout) as { dead: { id: string }[] }).dead.map(({ id }) => id)).toEqual(ids);
    expect(stderr).toBe(`${ids.length} of 5 dead letters match\n`);
  });

  test.each([
    [['dead', 'replay', 'm-4', '--severity', 'critical'], '--severity requires --all'],
    [['dead', 'discard', 'm-4', '--yes', '--since', '2h'], '--since requires --all'],
    [['dead', 'list', '--since', 'yesterday'], 'Use a duration such as 30m or 2h'],
    [['dead', 'list', '--reason', 'outh'], '"auth"'],
    [['dead', 'list', '--limit', '0'], 'Use a whole number from 1 to 100000.'],
  ])('%j is rejected as a usage error', async (argv, words) => {
    const { code, stderr } = await type(argv, { dead: { letters: ALL } });
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });

  test('a replay of all reports how many were not replayable, and why', async () => {
    const replays = { 'm-1': { kind: 'resolved' }, 'm-2': { kind: 'duplicate', of: 'a-9' }, 'm-3': { kind: 'unknown' } } as const;
    const { code, stdout, stderr } = await type(['dead', 'replay', '--all'], { dead: { letters: ALL, replays } });
    expect(stdout).toContain('m-1  not replayed: its alert was resolved meanwhile\n');
    expect(stdout).toContain('m-2  not replayed: alert a-9 with the same dedup key was sent or is being sent\n');
    expect(stdout).toContain('m-3  not replayed: it may have been sent; sms-dispatch unknown resolve m-3 --sent, or --not-sent --resend\n');
    expect(stderr).toBe('2 replayed, 3 skipped (1 resolved, 1 duplicate, 1 with unknown outcome)\n');
    expect(code).toBe(0);
  });

  test('a named one that is not replayable is exit 1', async () => {
    const dead = { letters: ALL, replays: { 'm-4': { kind: 'acknowledged' } as const } };
    expect(await type(['dead', 'replay', 'm-4'], { dead })).toMatchObject({ code: 1, stderr: '0 replayed, 1 skipped (1 acknowledged)\n' });
  });

  test('an unknown one is not discarded', async () => {
    const { stderr, calls } = await type(['dead', 'discard', '--all', '--yes'], { dead: { letters: ALL } });
    expect(done(calls)).not.toContain('discard m-3');
    expect(stderr).toBe('4 discarded, 1 with unknown outcome kept\n');
  });
});

describe('dead show', () => {
  test('shows the history of a message and what is kept of it', async () => {
    const message = messageHistory({
      state: 'failed',
      reason: 'content',
      attempts: [attempt({ result: 'refused', reason: 'content', code: '30034' })],
    });
    const { code, stdout } = await type(['dead', 'show', 'm-1'], { dead: { letters }, message });
    expect(stdout).toMatch(/^Not texted: the provider rejected the content or its template \(content, code 30034 from twilio-main\)/);
    expect(stdout).toContain('\n\nFailed at 2026-11-20 03:00:05 UTC: content (30034) [HTTP 400]\n\nmessage  m-1\nroute    default\n');
    expect(code).toBe(0);
  });

  test('of an alert shows its fault without control characters', async () => {
    const alerts = [alertHistory({ id: 'order-42', outcome: 'malformed', reason: 'malformed' })];
    const { stdout } = await type(['dead', 'show', 'order-42'], { dead: { letters }, alerts });
    expect(stdout).toContain('Malformed, rejected at 2026-11-20 02:59:00 UTC: malformed: severity: unknown severity "loud" [2J and more\n');
    expect(stdout).toContain('fields  severity, text, to');
  });

  test('--json is the trace and what is kept', async () => {
    const { stdout } = await type(['dead', 'show', '--json', 'm-1'], { dead: { letters }, message: messageHistory() });
    expect(JSON.parse(stdout)).toEqual({ trace: messageHistory(), dead: [deadLetter()] });
  });

  test('a message that is no dead letter is exit 1 and points to explain', async () => {
    const { code, stderr, calls } = await type(['dead', 'show', 'm-9'], { dead: { letters } });
    expect(code).toBe(1);
    expect(stderr).toBe('error: no dead letter with id m-9\nSee its outcome: sms-dispatch explain m-9\n');
    expect(calls.at(-1)).toEqual(['close dead letters']);
  });
});

describe('dead replay', () => {
  test('takes the ids of messages and of alerts, and shows the deadline of each', async () => {
    const { code, stdout, stderr, calls } = await type(['dead', 'replay', 'm-1', 'a-2'], { dead: { letters } });
    expect(done(calls)).toEqual(['replay m-1', 'replay m-2']);
    expect(stdout).toBe('m-1  queued again, valid until 2026-11-20 04:00:10 UTC\nm-2  queued again, valid until 2026-11-20 04:00:10 UTC\n');
    expect(stderr).toBe('2 replayed\n');
    expect(code).toBe(0);
  });

  test('replays those that it finds and is exit 1 for the others', async () => {
    const { code, stderr, calls } = await type(['dead', 'replay', 'm-8', 'm-1'], { dead: { letters } });
    expect(done(calls)).toEqual(['replay m-1']);
    expect(stderr).toContain('1 replayed\nerror: no dead letter with id m-8\n');
    expect(code).toBe(1);
  });

  test('does not suggest explain for an event', async () => {
    const { stderr } = await type(['dead', 'replay', 'e-4pX0bT2sJk6nQmZr8vYdLw'], { dead: { letters } });
    expect(stderr).toMatch(
      /^0 replayed\nerror: no dead letter with id e-4pX0bT2sJk6nQmZr8vYdLw\nAn event without a dead letter was delivered/,
    );
  });

  test.each([
    [{ kind: 'ended', state: 'accepted' }, 'not replayed: the message is accepted', 1],
    [{ kind: 'forgotten' }, 'its ledger entry has expired; raise the alert again', 1],
    [{ kind: 'gone' }, 'another operator replayed or discarded it', 0],
  ] as const)('explains why not: %j', async (replayed, words, exit) => {
    const { code, stdout } = await type(['dead', 'replay', 'm-1'], { dead: { letters, replays: { 'm-1': replayed } } });
    expect(stdout).toContain(words);
    expect(code).toBe(exit);
  });

  test('--all with a reason leaves the other dead letters, and shows progress on a terminal only', async () => {
    const { calls, stderr } = await type(['dead', 'replay', '--all', '--reason', 'recipient'], { dead: { letters }, isTTY: true });
    expect(done(calls)).toEqual(['replay m-2']);
    expect(stderr).toBe('\r\u001b[K2 of 3\r\u001b[K3 of 3\r\u001b[K1 replayed\n');
  });

  test('--json lists the result of each, in one document', async () => {
    const world = { dead: { letters, replays: { 'm-1': { kind: 'ended', state: 'accepted' } as const } } };
    const { code, stdout, stderr } = await type(['dead', 'replay', '--json', 'm-1', 'm-2', 'm-9'], world);
    expect(JSON.parse(stdout)).toEqual({
      replayed: 1,
      skipped: 0,
      refused: 1,
      missing: ['m-9'],
      results: [
        { id: 'm-1', result: 'ended', state: 'accepted' },
        { id: 'm-2', result: 'replayed', goodUntil: '2026-11-20T04:00:10.000Z' },
      ],
    });
    const [summary, wrong] = stderr.trimEnd().split('\n');
    expect(summary).toBe('1 replayed, 1 rejected');
    expect(JSON.parse(wrong ?? '')).toEqual({
      error: { message: 'no dead letter with id m-9', hint: 'See its outcome: sms-dispatch explain m-9' },
    });
    expect(code).toBe(1);
  });
});

describe('dead discard', () => {
  test('asks for confirmation at a terminal, and discards nothing on a no', async () => {
    const { code, stderr, calls } = await type(['dead', 'discard', '--all'], { dead: { letters }, confirm: false });
    expect(calls).toContainEqual(['confirm', 'Discard all dead letters permanently?']);
    expect(done(calls)).toEqual([]);
    expect(stderr).toBe('error: nothing was discarded\n');
    expect(code).toBe(1);
  });

  test('a yes discards', async () => {
    const { code, stdout, calls } = await type(['dead', 'discard', 'm-1'], { dead: { letters }, confirm: true });
    expect(calls).toContainEqual(['confirm', 'Discard m-1 permanently?']);
    expect(done(calls)).toEqual(['discard m-1']);
    expect(stdout).toBe('m-1  discarded\n');
    expect(code).toBe(0);
  });

  test('of all, in a pipe and without --yes, discards nothing and names the missing option', async () => {
    const { code, stdout, stderr, calls } = await type(['dead', 'discard', '--all'], { dead: { letters } });
    expect(stderr).toBe('error: nothing was discarded: --all without a terminal needs --yes\nsms-dispatch dead discard --all --yes\n');
    expect({ code, stdout, calls }).toEqual({ code: 1, stdout: '', calls: [] });
  });

  test('of named ones needs no --yes in a pipe', async () => {
    const { code, calls } = await type(['dead', 'discard', 'm-1', 'm-2'], { dead: { letters } });
    expect({ code, done: done(calls) }).toEqual({ code: 0, done: ['discard m-1', 'discard m-2'] });
  });

  test.each([
    ['at a terminal', { confirm: false }],
    ['in a script', {}],
  ])('does not ask with --yes %s', async (_, terminal) => {
    const { calls, stderr } = await type(['dead', 'discard', '--all', '--yes'], { dead: { letters, gone: ['m-1'] }, ...terminal });
    expect(done(calls)).toEqual(['discard order-42', 'discard m-1', 'discard m-2']);
    expect(calls.map(([name]) => name)).not.toContain('confirm');
    expect(stderr).toBe('2 discarded\n');
  });

  test('--json lists which were discarded and which were not found', async () => {
    const { code, stdout } = await type(['dead', 'discard', '--json', 'm-1', 'm-9'], { dead: { letters } });
    expect(JSON.parse(stdout)).toEqual({ discarded: ['m-1'], unknown: 0, missing: ['m-9'] });
    expect(code).toBe(1);
  });
});
