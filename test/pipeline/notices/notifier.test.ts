import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hash } from '../../../src/alert/id.ts';
import type { Channel, Notified } from '../../../src/channel/channel.ts';
import { createHistories } from '../../../src/ledger/history/redis-histories.ts';
import { createNotices } from '../../../src/ledger/notices.ts';
import { createLedger } from '../../../src/ledger/redis-ledger.ts';
import type { WaitingNotice } from '../../../src/pipeline/notices/notice.ts';
import { createNotifier } from '../../../src/pipeline/notices/notifier.ts';
import { createKeys } from '../../../src/redis/keys.ts';
import { routedAlert } from '../../support/fixtures/ledger.ts';
import { noticeOf } from '../../support/fixtures/notice.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { testRedis } from '../../support/redis.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const { redis, prefix } = testRedis();
const MINUTE = 60_000;
const DISK = hash('dedup', 'disk');
const START = Date.parse('2026-11-20T03:00:00Z');
const never = new AbortController().signal;

type Line = Notified | Error | (() => Notified);

/** A notifier on a real ledger that knows the notice's alert; the chat says its lines, the last one for good. */
async function setup(...lines: Line[]) {
  const keys = createKeys(`${prefix}:${randomUUID().slice(0, 8)}`);
  const clock = createSettableClock(START);
  const ledger = createLedger(redis, keys);
  const told: string[] = [];
  const bugs: unknown[] = [];
  const chat: Channel = {
    name: 'chat',
    type: 'slack',
    async notify({ id }) {
      told.push(id);
      const line = lines.length > 1 ? lines.shift() : lines[0];
      if (line instanceof Error) throw line;
      return typeof line === 'function' ? line() : (line ?? { kind: 'accepted' });
    },
    close: async () => undefined,
  };
  const { observer, heard } = createRecordingObserver();
  const create = () =>
    createNotifier({
      channels: new Map([['chat', chat]]),
      notices: createNotices(redis, keys),
      closedBy: ledger.closedBy,
      observer,
      clock,
      retryUntilStored: (write) => write(),
      random: () => 0.5,
      onBug: (error) => bugs.push(error),
    });
  const notice = (over: Partial<WaitingNotice> = {}) => noticeOf({ alertId: 'a1', dedupHash: DISK, receivedAt: START, ...over });
  await ledger.admit(
    routedAlert('a1', { dedupKey: 'disk', dedupHash: DISK, receivedAt: START, dedupeForMs: 0, messages: [] }),
    randomUUID(),
  );
  return {
    notifier: create(),
    notices: createNotices(redis, keys),
    another: create,
    ledger,
    clock,
    told,
    bugs,
    notice,
    counted: () => heard('noticeEnded'),
    events: async () => (await createHistories(redis, keys).alert('a1'))?.events ?? [],
  };
}

const refused = (over: Partial<Extract<Notified, { kind: 'refused' }>> = {}): Notified => ({
  kind: 'refused',
  retry: true,
  code: 'http_503',
  ...over,
});
const later = (ms: number) => new Date(START + ms);

it('a notification that the channel accepts is sent once, however often its job runs', async () => {
  const { notifier, another, notice, told, counted, events } = await setup();
  expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'ended', outcome: 'accepted' });
  expect(await another().notify(notice(), 2, never)).toEqual({ kind: 'ended', outcome: 'accepted' });
  expect(told).toEqual(['n-1']);
  expect(counted()).toEqual([{ channel: 'chat', result: 'accepted' }]);
  expect(await events()).toEqual([{ at: later(0).toISOString(), stage: 'escalation', verdict: 'accepted', detail: 'slack chat' }]);
});

it('a partly accepted notification is recorded as such', async () => {
  const { notifier, notice, events } = await setup({ kind: 'accepted', detail: 'the server refused 1 of 2 addresses' });
  await notifier.notify(notice(), 1, never);
  expect(await events()).toMatchObject([{ verdict: 'accepted', detail: 'slack chat, the server refused 1 of 2 addresses' }]);
});

describe('a mail that some of its addresses refused temporarily', () => {
  const progress = { remaining: ['full@example.com'], refused: ['g***@example.com: smtp_550'], accepted: 2 };
  const partly = refused({ code: 'smtp_450', progress });

  it('is tried again with what is left of it', async () => {
    const { notifier, notice, events } = await setup(partly);
    expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'later', until: later(5000), code: 'smtp_450', progress });
    expect(await events()).toEqual([]);
  });

  it('fails at its deadline with the outcome of each address and without an address', async () => {
    const { notifier, notice, events, counted } = await setup(partly);
    const ended = await notifier.notify(notice({ expiresAt: START + 1 }), 1, never);
    expect(ended).toMatchObject({ kind: 'ended', outcome: 'failed', code: 'smtp_450', progress });
    const [event] = await events();
    expect(event?.detail).toBe('slack chat, smtp_450, 2 address(es) accepted, 1 refused temporarily, g***@example.com: smtp_550');
    expect(counted()).toEqual([{ channel: 'chat', result: 'failed' }]);
  });

  it('has the same said of it where it expires while it waits', async () => {
    const { notifier, notice, clock, events } = await setup();
    clock.at += 61 * MINUTE;
    expect(await notifier.notify(notice({ progress }), 3, never)).toMatchObject({ kind: 'ended', outcome: 'failed', reason: 'expired' });
    expect(JSON.stringify(await events())).toContain('1 refused temporarily, g***@example.com: smtp_550');
  });
});

it('one that is run before its time waits for it', async () => {
  const { notifier, notice, told, events } = await setup();
  expect(await notifier.notify(notice({ dueAt: START + 1 }), 1, never)).toEqual({ kind: 'later', until: later(1) });
  expect([told, await events()]).toEqual([[], []]);
});

describe('a notification is no longer sent', () => {
  it('once its alert is resolved', async () => {
    const { notifier, notice, told, counted, events, ledger } = await setup();
    await ledger.resolve(DISK, later(MINUTE));
    expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'ended', outcome: 'cancelled', reason: 'resolved' });
    expect(told).toEqual([]);
    expect(counted()).toEqual([{ channel: 'chat', result: 'cancelled' }]);
    expect(await events()).toMatchObject([{ verdict: 'cancelled', reason: 'resolved', detail: 'slack chat' }]);
  });

  it('once its alert is acknowledged', async () => {
    const { notifier, notice, told, ledger } = await setup();
    await ledger.acknowledge({ alertId: 'a1', by: 'alice', at: later(MINUTE), run: 'run-1' });
    expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'ended', outcome: 'cancelled', reason: 'acknowledged' });
    expect(told).toEqual([]);
  });

  it('where its alert was not to live so long', async () => {
    const { notifier, notice, told, clock } = await setup();
    clock.at += 10 * MINUTE;
    const short = notice({ dueAt: START + 10 * MINUTE, expiresAt: START + 5 * MINUTE });
    expect(await notifier.notify(short, 1, never)).toEqual({ kind: 'ended', outcome: 'cancelled', reason: 'expired' });
    expect(told).toEqual([]);
  });
});

describe('a notification that the channel rejects', () => {
  it('comes back later each time, until it is old', async () => {
    const { notifier, notice, clock, counted, events } = await setup(refused());
    const waits: number[] = [];
    for (let tries = 1; ; tries += 1) {
      const noticed = await notifier.notify(notice(), tries, never);
      if (noticed.kind === 'ended') {
        expect(noticed).toEqual({ kind: 'ended', outcome: 'failed', code: 'http_503' });
        break;
      }
      expect(noticed.code).toBe('http_503');
      waits.push(noticed.until.getTime() - clock.at);
      clock.at = noticed.until.getTime();
    }
    expect(waits.slice(0, 8)).toEqual([5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
    expect(clock.at).toBeGreaterThan(START + 50 * MINUTE);
    expect(counted()).toEqual([{ channel: 'chat', result: 'failed' }]);
    expect(await events()).toMatchObject([{ verdict: 'failed', detail: 'slack chat, http_503' }]);
  });

  it.each<[string, Line, string]>([
    ['for good', refused({ retry: false, code: 'http_404' }), 'http_404'],
    ['for longer than it lives', refused({ code: 'http_429', retryAt: later(61 * MINUTE) }), 'http_429'],
    ['by a bug of ours', new Error('on purpose'), 'channel_bug'],
  ])('%s has failed immediately', async (_name, line, code) => {
    const { notifier, notice, told, bugs, counted } = await setup(line);
    expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'ended', outcome: 'failed', code });
    expect(told).toHaveLength(1);
    expect(bugs).toHaveLength(line instanceof Error ? 1 : 0);
    expect(counted()).toEqual([{ channel: 'chat', result: 'failed' }]);
  });

  it('until some time is left alone until then, with all that wait behind it', async () => {
    const { notifier, notice, told, clock } = await setup(refused({ code: 'http_429', retryAt: later(30_000) }), { kind: 'accepted' });
    expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'later', until: later(30_000), code: 'http_429' });
    expect(await notifier.notify(notice({ id: 'n-2' }), 1, never)).toEqual({ kind: 'later', until: later(35_000) });
    expect(told).toEqual(['n-1']);
    clock.at += 30_000;
    expect(await notifier.notify(notice({ id: 'n-2' }), 2, never)).toEqual({ kind: 'ended', outcome: 'accepted' });
  });

  it('because the process stops goes to another process immediately', async () => {
    const leaving = new AbortController();
    const { notifier, notice, counted } = await setup(() => {
      leaving.abort();
      return refused({ code: 'ABORTED' });
    });
    expect(await notifier.notify(notice(), 1, leaving.signal)).toEqual({ kind: 'later', until: later(0), code: 'ABORTED' });
    await expect(notifier.notify(notice(), 1, leaving.signal)).rejects.toThrow();
    expect(counted()).toEqual([]);
  });
});

it('one that no worker took in time has failed, and so has one whose channel was removed', async () => {
  const { notifier, notice, clock, told, events } = await setup();
  expect(await notifier.notify(notice({ channel: 'gone' }), 1, never)).toEqual({ kind: 'ended', outcome: 'failed', code: 'no_channel' });
  clock.at += 60 * MINUTE;
  expect(await notifier.notify(notice({ id: 'n-2' }), 1, never)).toEqual({ kind: 'ended', outcome: 'failed', reason: 'expired' });
  expect(told).toEqual([]);
  expect(await events()).toMatchObject([{ detail: 'gone, no_channel' }, { reason: 'expired', detail: 'slack chat' }]);
});

it('one that an operator replays is sent, and counted as it first ended', async () => {
  const { notifier, notice, counted, events } = await setup(refused({ retry: false, code: 'http_404' }), { kind: 'accepted' });
  await notifier.notify(notice(), 1, never);
  expect(await notifier.notify(notice(), 1, never)).toEqual({ kind: 'ended', outcome: 'accepted' });
  expect(counted()).toEqual([{ channel: 'chat', result: 'failed' }]);
  expect((await events()).map(({ verdict }) => verdict)).toEqual(['failed', 'accepted']);
});

it('one over which worker after worker crashed is counted too', async () => {
  const { notifier, notice, counted, events } = await setup();
  await notifier.bury(notice());
  expect(counted()).toEqual([{ channel: 'chat', result: 'failed' }]);
  expect(await events()).toMatchObject([{ detail: 'slack chat, poison' }]);
});

describe('the end of a notification', () => {
  const event = { at: later(0).toISOString(), stage: 'escalation', verdict: 'accepted' };

  it('is written once, however often a client that reconnects sends it', async () => {
    const { notices, notice, events } = await setup();
    expect(await notices.end(notice(), 'failed', event, 'run-1')).toBe(true);
    expect(await notices.end(notice(), 'failed', event, 'run-1')).toBe(true);
    expect(await notices.end(notice(), 'accepted', event, 'run-2')).toBe(false);
    expect(await notices.end(notice(), 'accepted', event, 'run-2')).toBe(false);
    expect(await notices.outcomeOf(notice())).toBe('accepted');
    expect(await events()).toHaveLength(2);
  });

  it('leaves nothing behind for an alert that has expired in the ledger', async () => {
    const { notices, notice } = await setup();
    const forgotten = notice({ alertId: 'forgotten' });
    expect(await notices.end(forgotten, 'accepted', event, 'run-1')).toBe(true);
    expect(await notices.outcomeOf(forgotten)).toBeUndefined();
  });
});
