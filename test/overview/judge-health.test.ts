import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeHealth } from '../../src/overview/judge-health.ts';
import type { Overview } from '../../src/overview/overview.ts';
import { downOf, laneOf, overviewOf, providerOf, queueOf } from '../cli/overviews.ts';

const day = { period: 'day', spent: 0, reserved: 0, budget: { soft: 50, hard: 100 }, sinceMs: 1, leftMs: 1 } as const;
const redis = overviewOf().redis as NonNullable<Overview['redis']>;
const main = providerOf('twilio-main', { accepted: 5 });
const second = providerOf('sns');
const held = {
  route: 'default',
  reason: 'rate_cap_recipient',
  count: 1,
  oldestSeconds: 720,
  until: '2026-11-20T03:40:00.000Z',
  oldest: 'm-1',
};
const missed = { route: 'default', state: 'expired', reason: null, count: 1, newest: 'm-1' } as const;
const criticals = (facts: Partial<Overview['criticals']>) => ({
  criticals: { held: [], heldCount: 0, missed: [], missedCount: 0, ...facts },
});
const last = (reason: string, requests = 5) => ({ last: { requests, accepted: 0, reason, code: '21211' } });
const note = { role: 'dispatcher', host: 'a', hash: '0123456789ab', refusedAt: null };

describe('the line at the top', () => {
  it.each<[string, Partial<Overview>, string]>([
    ['nothing happens', {}, 'OK: nothing to send in the last 5 min.'],
    [
      'messages go out',
      { inFlight: 2, lately: { seconds: 300, alerts: 9, messages: { accepted: 7 } } },
      'OK: 7 accepted in the last 5 min, 2 in flight.',
    ],
    ['Redis does not describe itself and its clients', { workers: null, redis: null }, 'OK: nothing to send in the last 5 min.'],
    [
      'a second provider has accepted a trial',
      { providers: [main, providerOf('sns', { circuit: 'half_open', reason: 'auth' })] },
      'OK: nothing to send in the last 5 min.',
    ],
    [
      'two requests are unknown, which no alert rule fires on',
      { providers: [{ ...main, unknown: 2 }] },
      'OK: nothing to send in the last 5 min.',
    ],
    ['four refused numbers prove nothing', { providers: [{ ...main, ...last('recipient', 4) }] }, 'OK: nothing to send in the last 5 min.'],
    [
      'a critical has waited for a minute, which is no longer than it may',
      { queues: [queueOf('sms-messages', { oldestCriticalSeconds: 60, oldestAgeSeconds: 300 })] },
      'OK: nothing to send in the last 5 min.',
    ],
    [
      'receipts wait, whose queue has no criticals',
      { queues: [queueOf('sms-receipts', { oldestCriticalSeconds: 121, oldestAgeSeconds: 121 })] },
      'OK: nothing to send in the last 5 min.',
    ],
    ['every process uses the same config', { processes: [note, note] }, 'OK: nothing to send in the last 5 min.'],
    [
      'the budget has room for a message',
      { budgets: [day], routes: [laneOf('default', ['twilio-main'], { price: { cheapest: 40, dearest: 50 } })] },
      'OK: nothing to send in the last 5 min.',
    ],
  ])('reports a healthy system: %s', (_when, change, line) => {
    expect(judgeHealth(overviewOf(change))).toEqual({ level: 'ok', line, todo: null, findings: [] });
  });

  type Expected = readonly [level: 'critical' | 'warning', kind: string, text: string, command: string];
  it.each<[string, Partial<Overview>, Expected, Record<string, string>]>([
    [
      'no dispatcher',
      { workers: { routers: 1, dispatchers: 0 } },
      ['critical', 'workers_absent', 'No dispatcher is running: nothing is sent.', 'sms-dispatch dispatcher'],
      {},
    ],
    [
      'no worker at all',
      { workers: { routers: 0, dispatchers: 0 } },
      ['critical', 'workers_absent', 'No router and no dispatcher is running: nothing is sent.', 'sms-dispatch start'],
      {},
    ],
    [
      'a paused queue of messages',
      {
        queues: [
          queueOf('sms-messages', {
            paused: true,
            counts: { waiting: 2, prioritized: 1 },
            oldestCriticalSeconds: 900,
            oldestAgeSeconds: 900,
          }),
        ],
      },
      ['critical', 'queue_paused', 'The queue sms-messages is paused: its 3 waiting jobs are not processed.', 'sms-dispatch status'],
      { queue: 'sms-messages' },
    ],
    [
      'a paused queue of alerts',
      { queues: [queueOf('sms-alerts', { paused: true })] },
      ['critical', 'queue_paused', 'The queue sms-alerts is paused: its 0 waiting jobs are not processed.', 'sms-dispatch status'],
      { queue: 'sms-alerts' },
    ],
    [
      'a paused queue that no page passes',
      { queues: [queueOf('sms-receipts', { paused: true })] },
      ['warning', 'queue_paused', 'The queue sms-receipts is paused: its 0 waiting jobs are not processed.', 'sms-dispatch status'],
      { queue: 'sms-receipts' },
    ],
    [
      'an old critical',
      { queues: [queueOf('sms-alerts'), queueOf('sms-messages', { oldestCriticalSeconds: 121, oldestAgeSeconds: 400 })] },
      [
        'critical',
        'criticals_waiting',
        'The oldest critical alert or message has been waiting 2 min 1 s for a worker.',
        'sms-dispatch doctor',
      ],
      {},
    ],
    [
      'an old job that is not critical',
      { queues: [queueOf('sms-messages', { oldestAgeSeconds: 301 })] },
      ['warning', 'jobs_waiting', 'The oldest job of sms-messages has been waiting 5 min 1 s for a worker.', 'sms-dispatch doctor'],
      { queue: 'sms-messages' },
    ],
    [
      'the only provider of a route, an idle one beside it',
      { providers: [downOf('twilio-main'), second] },
      [
        'critical',
        'route_down',
        'Route default sends nothing: twilio-main is not used since 03:04 UTC: auth (20003).',
        'sms-dispatch providers check twilio-main',
      ],
      { route: 'default', provider: 'twilio-main', reason: 'auth', code: '20003' },
    ],
    [
      'every provider of a route, the one whose account is refused first',
      { providers: [downOf('sns', 'unavailable', null), downOf('twilio-main')], routes: [laneOf('default', ['sns', 'twilio-main'])] },
      [
        'critical',
        'route_down',
        'Route default sends nothing: sns is not used since 03:04 UTC: unavailable; twilio-main is not used since 03:04 UTC: auth (20003).',
        'sms-dispatch providers check twilio-main',
      ],
      { route: 'default', provider: 'twilio-main', reason: 'auth' },
    ],
    [
      'the only provider for a country',
      {
        providers: [downOf('twilio-main', 'balance', null), second],
        routes: [laneOf('default', ['sns']), laneOf('default', ['twilio-main'], { countries: ['86'] })],
      },
      [
        'critical',
        'route_down',
        'Route default sends nothing to +86: twilio-main is not used since 03:04 UTC: balance.',
        'sms-dispatch providers check twilio-main',
      ],
      { route: 'default', reason: 'balance' },
    ],
    [
      'a provider that asked for a pause for long',
      {
        providers: [
          {
            ...main,
            down: {
              by: 'paused',
              reason: 'throttled',
              code: '14107',
              since: '2026-11-20T03:04:05.000Z',
              until: '2026-11-21T00:00:00.000Z',
            },
          },
        ],
      },
      [
        'critical',
        'route_down',
        'Route default sends nothing: twilio-main asked for a pause since 03:04 UTC until 2026-11-21 00:00 UTC: throttled (14107).',
        'sms-dispatch providers check twilio-main',
      ],
      { reason: 'throttled' },
    ],
    [
      'one of two providers',
      { providers: [downOf('twilio-main'), second], routes: [laneOf('default', ['twilio-main', 'sns'])] },
      [
        'warning',
        'provider_down',
        'Provider twilio-main is not used since 03:04 UTC: auth (20003); its routes use sns.',
        'sms-dispatch providers check twilio-main',
      ],
      { provider: 'twilio-main', reason: 'auth', code: '20003' },
    ],
    [
      'a provider that no route uses',
      { providers: [main, downOf('spare', 'unavailable', null)] },
      [
        'warning',
        'provider_down',
        'Provider spare is not used since 03:04 UTC: unavailable; no route needs it.',
        'sms-dispatch providers check spare',
      ],
      { provider: 'spare' },
    ],
    [
      'a provider that accepts no number',
      { providers: [{ ...main, ...last('recipient') }] },
      [
        'warning',
        'provider_refusing',
        'Provider twilio-main accepted none of its last 5 requests: recipient (21211).',
        'sms-dispatch providers check twilio-main',
      ],
      { provider: 'twilio-main', reason: 'recipient', code: '21211' },
    ],
    [
      'a provider unknown; it does not answer, though another one takes over',
      { providers: [{ ...main, unknown: 3, lastReason: 'unknown_outcome' }, second] },
      [
        'warning',
        'provider_silent',
        'Of 8 requests to twilio-main 3 ended without a readable answer.',
        'sms-dispatch providers check twilio-main',
      ],
      { provider: 'twilio-main' },
    ],
    [
      'a route whose countries no provider may text',
      { routes: [laneOf('default', [])] },
      [
        'critical',
        'route_unreachable',
        'Route default reaches no phone: none of its providers may send to a country that the config allows.',
        'sms-dispatch config check',
      ],
      { route: 'default' },
    ],
    [
      'a simulated route',
      { routes: [laneOf('default', ['desk'], { simulated: true })] },
      ['warning', 'route_simulated', 'Route default is simulated: nothing is sent to phones.', 'sms-dispatch config check'],
      { route: 'default' },
    ],
    [
      'the budget is spent',
      { budgets: [{ ...day, spent: 90, reserved: 10 }] },
      ['critical', 'budget_spent', 'The budget of the day is spent: nothing is sent until it ends.', 'sms-dispatch budget'],
      { reason: 'budget' },
    ],
    [
      'a price that does not fit into what is left',
      {
        currency: 'USD',
        budgets: [{ ...day, spent: 9_960_000, budget: { soft: 5_000_000, hard: 10_000_000 } }],
        routes: [laneOf('default', ['twilio-main'], { price: { cheapest: 50_000, dearest: 90_000 } })],
      },
      [
        'critical',
        'budget_price',
        'Route default sends nothing: a message costs at least 0.05 USD, and 0.04 USD is left of the budget of the day.',
        'sms-dispatch budget',
      ],
      { route: 'default', reason: 'budget' },
    ],
    [
      'a price that never fits, with nothing spent',
      {
        currency: 'USD',
        budgets: [{ ...day, budget: { soft: 30, hard: 30 } }],
        routes: [laneOf('a', ['twilio-main'], { price: { cheapest: 40, dearest: 40 } })],
      },
      [
        'critical',
        'budget_price',
        'Route a sends nothing: a message costs at least 0.00004 USD, and 0.00003 USD is left of the budget of the day.',
        'sms-dispatch budget',
      ],
      { route: 'a' },
    ],
    [
      'a price that does not fit for a dear country',
      { currency: 'EUR', budgets: [day], routes: [laneOf('default', ['twilio-main'], { price: { cheapest: 40, dearest: 1_000_000 } })] },
      [
        'warning',
        'budget_price',
        'Route default does not reach every country: a message costs up to 1 EUR, and 0.0001 EUR is left of the budget of the day.',
        'sms-dispatch budget',
      ],
      { route: 'default' },
    ],
    [
      'the soft budget is spent',
      { budgets: [{ ...day, spent: 50 }] },
      ['warning', 'budget_soft', 'The soft budget of the day is spent: only criticals are sent until it ends.', 'sms-dispatch budget'],
      {},
    ],
    [
      'the soft budget has no room for another message',
      { budgets: [{ ...day, spent: 45 }], routes: [laneOf('default', ['twilio-main'], { price: { cheapest: 10, dearest: 10 } })] },
      ['warning', 'budget_soft', 'The soft budget of the day is spent: only criticals are sent until it ends.', 'sms-dispatch budget'],
      {},
    ],
    [
      'the budget is nearly spent',
      { budgets: [{ ...day, budget: { soft: 100, hard: 100 }, spent: 92 }] },
      ['warning', 'budget_nearly_spent', '92% of the budget of the day is spent.', 'sms-dispatch budget'],
      {},
    ],
    [
      'a soft budget is spent and the hard one nearly',
      { budgets: [{ ...day, budget: { soft: 40, hard: 100 }, spent: 92 }] },
      [
        'warning',
        'budget_nearly_spent',
        '92% of the budget of the day is spent. Only criticals are sent; at 100% they are not either.',
        'sms-dispatch budget',
      ],
      {},
    ],
    [
      'the cap is full',
      { caps: [{ cap: 'per_hour', used: 100, max: 100, criticalReserve: 20 }] },
      ['critical', 'cap_full', 'The cap of 100 messages per hour is full: messages wait.', 'sms-dispatch explain'],
      { reason: 'rate_cap_hour' },
    ],
    [
      'only the reserve is left',
      { caps: [{ cap: 'per_hour', used: 80, max: 100, criticalReserve: 20 }] },
      ['warning', 'cap_reserve', '80 of 100 messages per hour are used: only criticals pass.', 'sms-dispatch explain'],
      {},
    ],
    [
      'a critical behind a cap',
      criticals({ held: [held], heldCount: 1 }),
      [
        'critical',
        'criticals_held',
        '1 critical of route default waits because of rate_cap_recipient: for 12 min, until 03:40 UTC.',
        'sms-dispatch explain m-1',
      ],
      { route: 'default', reason: 'rate_cap_recipient' },
    ],
    [
      'criticals without money',
      criticals({ held: [{ ...held, reason: 'budget', count: 3 }], heldCount: 3 }),
      [
        'critical',
        'criticals_held',
        '3 criticals of route default wait because of budget: the oldest for 12 min, until 03:40 UTC.',
        'sms-dispatch budget',
      ],
      { reason: 'budget' },
    ],
    [
      'criticals that expired',
      criticals({ missed: [{ ...missed, reason: 'auth', count: 2 }], missedCount: 2 }),
      ['critical', 'criticals_missed', '2 criticals of route default expired in the last hour: auth.', 'sms-dispatch dead list'],
      { route: 'default', reason: 'auth' },
    ],
    [
      'a critical that failed for a fault of the provider',
      criticals({ missed: [{ ...missed, state: 'failed', reason: 'balance' }], missedCount: 1 }),
      ['critical', 'criticals_missed', '1 critical of route default failed in the last hour: balance.', 'sms-dispatch dead list'],
      { reason: 'balance' },
    ],
    [
      'a critical to a number that does not exist',
      criticals({ missed: [{ ...missed, state: 'failed', reason: 'recipient' }], missedCount: 1 }),
      ['warning', 'criticals_missed', '1 critical of route default failed in the last hour: recipient.', 'sms-dispatch dead list'],
      { reason: 'recipient' },
    ],
    [
      'an alert that expired before it was routed',
      criticals({ missed: [{ ...missed, route: null, newest: 'order-42' }], missedCount: 1 }),
      ['critical', 'criticals_missed', '1 critical expired in the last hour.', 'sms-dispatch explain order-42'],
      {},
    ],
    [
      'a critical that a receipt says was not delivered',
      criticals({ missed: [{ ...missed, state: 'undelivered', reason: 'unavailable' }], missedCount: 1 }),
      [
        'critical',
        'criticals_missed',
        '1 critical of route default was accepted but not delivered in the last hour: unavailable.',
        'sms-dispatch explain m-1',
      ],
      { reason: 'unavailable' },
    ],
    [
      'a critical that was not delivered because of its number',
      criticals({ missed: [{ ...missed, state: 'undelivered', reason: 'recipient' }], missedCount: 1 }),
      [
        'warning',
        'criticals_missed',
        '1 critical of route default was accepted but not delivered in the last hour: recipient.',
        'sms-dispatch explain m-1',
      ],
      {},
    ],
    [
      'criticals of unknown outcome, which are not named twice',
      { ...criticals({ missed: [{ ...missed, state: 'unknown', reason: 'unknown_outcome', count: 2 }], missedCount: 2 }), unknown: 2 },
      [
        'critical',
        'criticals_missed',
        '2 criticals of route default may not have been sent in the last hour: unknown_outcome.',
        'sms-dispatch unknown list',
      ],
      {},
    ],
    [
      'criticals that a cap or budget dropped',
      criticals({ missed: [{ ...missed, state: 'suppressed', reason: 'rate_cap_route', count: 2 }], missedCount: 2 }),
      [
        'critical',
        'criticals_missed',
        '2 criticals of route default were not sent in the last hour: rate_cap_route.',
        'sms-dispatch explain m-1',
      ],
      {},
    ],
    [
      'a critical to a contact who has opted out',
      criticals({ missed: [{ ...missed, state: 'suppressed', reason: 'opted_out' }], missedCount: 1 }),
      ['warning', 'criticals_missed', '1 critical of route default was not sent in the last hour: opted_out.', 'sms-dispatch explain m-1'],
      {},
    ],
    [
      'a refused reload',
      { processes: [note, { ...note, refusedAt: '2026-11-20T03:00:00.000Z' }] },
      [
        'warning',
        'config_refused',
        'The dispatcher on a rejected the config at the last reload and uses the previous one (hash 0123456789ab).',
        'sms-dispatch config check',
      ],
      { reason: 'config' },
    ],
    [
      'a worker that no longer fetches',
      { processes: [note, { ...note, stuck: ['sms-messages'] }] },
      ['critical', 'workers_stuck', 'A worker of the dispatcher on a no longer fetches jobs of sms-messages.', 'sms-dispatch status'],
      { queue: 'sms-messages' },
    ],
    [
      'a process that may not use Redis as it must',
      { processes: [note, { ...note, refused: ['the Redis user x may not use the command BZPOPMIN'] }] },
      [
        'critical',
        'redis_refuses',
        'Redis denies a permission to the dispatcher on a: the Redis user x may not use the command BZPOPMIN.',
        'sms-dispatch doctor',
      ],
      {},
    ],
    [
      'processes with different configs',
      { processes: [note, { ...note, hash: 'ba9876543210' }] },
      [
        'warning',
        'config_differs',
        'The running processes use 2 different configs (hashes 0123456789ab, ba9876543210).',
        'sms-dispatch doctor',
      ],
      {},
    ],
    [
      'an unknown outcome',
      { unknown: 1 },
      ['warning', 'unknown_outcomes', '1 message has an unknown outcome and will not be sent again.', 'sms-dispatch unknown list'],
      {},
    ],
    [
      'unknown outcomes',
      { unknown: 3 },
      ['warning', 'unknown_outcomes', '3 messages have an unknown outcome and will not be sent again.', 'sms-dispatch unknown list'],
      {},
    ],
    ['a dead letter', { dead: 1 }, ['warning', 'dead_letters', '1 dead letter needs an operator.', 'sms-dispatch dead list'], {}],
    ['dead letters', { dead: 12 }, ['warning', 'dead_letters', '12 dead letters need an operator.', 'sms-dispatch dead list'], {}],
    [
      'another client removed jobs',
      { requeued: 12 },
      [
        'warning',
        'jobs_requeued',
        'In the last hour 12 jobs were missing from our queues and were added again: another client removed jobs.',
        'sms-dispatch explain',
      ],
      {},
    ],
    [
      'another client removed a job',
      { requeued: 1 },
      [
        'warning',
        'jobs_requeued',
        'In the last hour 1 job was missing from our queues and was added again: another client removed jobs.',
        'sms-dispatch explain',
      ],
      {},
    ],
    [
      'Redis lost data half an hour ago, and once more before',
      {
        redis: null,
        dataLosses: [
          { kind: 'emptied', secondsAgo: 1800 },
          { kind: 'rolled_back', secondsAgo: 9000 },
        ],
      },
      [
        'critical',
        'redis_data_lost',
        'Data was lost 30 min ago: all our data in Redis was removed. Alerts may be lost, and messages may be sent again. There was 1 more in the last day.',
        'sms-dispatch optouts list',
      ],
      { reason: 'emptied' },
    ],
    [
      'Redis lost data two hours ago',
      { dataLosses: [{ kind: 'rolled_back', secondsAgo: 7260 }] },
      [
        'warning',
        'redis_data_lost',
        'Data was lost 2 h 1 min ago: Redis went back to older data, without its newest writes. Alerts may be lost, and messages may be sent again.',
        'sms-dispatch optouts list',
      ],
      { reason: 'rolled_back' },
    ],
    [
      'evicted keys',
      { redis: { ...redis, evictedKeys: 4, maxMemoryPolicy: 'allkeys-lru', maxMemoryBytes: 100_000_000 } },
      ['critical', 'redis_evicted', 'Redis has evicted 4 keys: each may have been a message.', 'sms-dispatch doctor'],
      {},
    ],
    [
      'a policy that evicts',
      { redis: { ...redis, maxMemoryPolicy: 'allkeys-lru', maxMemoryBytes: 100_000_000 } },
      [
        'warning',
        'redis_may_evict',
        'Redis may evict messages when its memory is full (maxmemory-policy allkeys-lru).',
        'sms-dispatch doctor',
      ],
      {},
    ],
    [
      'little memory left',
      { redis: { ...redis, usedMemoryBytes: 95, maxMemoryBytes: 100 } },
      ['critical', 'redis_memory', 'Redis has used 95% of its memory: when it is full, no alert is accepted.', 'sms-dispatch doctor'],
      {},
    ],
    [
      'no file',
      { redis: { ...redis, appendOnly: false } },
      [
        'warning',
        'redis_not_durable',
        'Redis keeps no append-only file: if it crashes, the newest messages are lost.',
        'sms-dispatch doctor',
      ],
      {},
    ],
    [
      'a disk that is full',
      { redis: { ...redis, lastWriteOk: false } },
      ['critical', 'redis_write_failed', 'Redis cannot write to its disk: a restart would lose messages.', 'sms-dispatch doctor'],
      {},
    ],
  ])('says what is wrong and what to type: %s', (_when, change, [level, kind, text, command], facts) => {
    const health = judgeHealth(overviewOf(change));
    expect(health).toMatchObject({ level, line: text, findings: [{ level, kind, text, command, ...facts }] });
    expect(health.todo).toContain(`: \`${command}\`.`);
  });

  it('begins with the gravest and counts the rest', () => {
    const health = judgeHealth(overviewOf({ dead: 2, unknown: 1, workers: { routers: 1, dispatchers: 0 } }));
    expect(health).toMatchObject({ level: 'critical', line: 'No dispatcher is running: nothing is sent. And 2 more.' });
    expect(health.findings.map(({ level, kind }) => `${level} ${kind}`)).toEqual([
      'critical workers_absent',
      'warning unknown_outcomes',
      'warning dead_letters',
    ]);
  });

  it("names the vendor's own code beside the reason of what is held and what expired", () => {
    const { findings } = judgeHealth(
      overviewOf({
        providers: [downOf('twilio-main')],
        ...criticals({ held: [{ ...held, reason: 'auth' }], heldCount: 1, missed: [{ ...missed, reason: 'auth' }], missedCount: 1 }),
      }),
    );
    expect(findings.map(({ kind, reason, code }) => [kind, reason, code])).toEqual([
      ['route_down', 'auth', '20003'],
      ['criticals_held', 'auth', '20003'],
      ['criticals_missed', 'auth', '20003'],
    ]);
  });

  it('is critical exactly while some route has no provider left that works', () => {
    const names = ['a', 'b', 'c', 'd'];
    const some = fc.subarray(names, { minLength: 1 });
    fc.assert(
      fc.property(fc.array(some, { minLength: 1, maxLength: 5 }), fc.subarray(names), (routes, down) => {
        const overview = overviewOf({
          providers: names.map((name) => (down.includes(name) ? downOf(name) : providerOf(name))),
          routes: routes.map((providers, index) => laneOf(`r${index}`, providers)),
        });
        const { level, findings } = judgeHealth(overview);
        const stopped = routes.flatMap((providers, index) => (providers.every((name) => down.includes(name)) ? [`r${index}`] : []));
        expect(findings.filter(({ kind }) => kind === 'route_down').map(({ route }) => route)).toEqual(stopped);
        expect(level).toBe(stopped.length > 0 ? 'critical' : down.length > 0 ? 'warning' : 'ok');
      }),
    );
  });
});
