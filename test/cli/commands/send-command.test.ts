import { describe, expect, test } from 'vitest';
import { AlertError } from '../../../src/alert/parse/parse-alert.ts';
import { ConfigError } from '../../../src/config/fault.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { alertHistory, attempt, messageHistory } from '../../support/fixtures/history.ts';
import { SECRET, type } from '../recording-deps.ts';

const TO = ['send', '--to', '+60123456789'];
const accepted = alertHistory({ messages: [messageHistory({ state: 'accepted', provider: 'twilio-main', attempts: [attempt()] })] });
const queued = alertHistory({ messages: [messageHistory()] });

const redisAway = () => {
  throw new RedisUnavailableError(new Error('connect ECONNREFUSED 10.0.0.5:6379'));
};

describe('what is typed becomes an alert', () => {
  test('a text to one phone is critical unless said otherwise', async () => {
    const { calls } = await type([...TO, 'Disk full']);
    expect(calls).toEqual([
      ['loadConfig', undefined],
      ['enqueue', { to: ['+60123456789'], severity: 'critical', text: 'Disk full', labels: {} }],
      ['close producer'],
    ]);
  });

  test('every flag finds its field', async () => {
    const { calls } = await type([
      ...TO,
      ...['--to', 'group:oncall', '--severity', 'WARN', '--id', 'order-42', '--dedup-key', 'k', '--source', 'shop', '--instance', 'db-1'],
      ...[
        '--label',
        'team=pay',
        '--label',
        'q=a=b',
        '--purpose',
        'notification',
        '--expires-at',
        '2026-11-20T03:30:00Z',
        '-c',
        'x.yaml',
        'Hi',
      ],
    ]);
    expect(calls[0]).toEqual(['loadConfig', 'x.yaml']);
    expect(calls[1]).toEqual([
      'enqueue',
      {
        to: ['+60123456789', 'group:oncall'],
        severity: 'warning',
        text: 'Hi',
        id: 'order-42',
        dedupKey: 'k',
        source: 'shop',
        instance: 'db-1',
        labels: { team: 'pay', q: 'a=b' },
        purpose: 'notification',
        expiresAt: '2026-11-20T03:30:00Z',
      },
    ]);
  });

  test('a template takes its parameters', async () => {
    const { calls } = await type([
      ...TO,
      '--template',
      'login-code',
      '--param',
      'code=1234',
      '--param',
      'minutes=5',
      '--purpose',
      'verification',
    ]);
    expect(calls[1]).toEqual([
      'enqueue',
      {
        to: ['+60123456789'],
        severity: 'critical',
        purpose: 'verification',
        template: { name: 'login-code', params: { code: '1234', minutes: '5' } },
        labels: {},
      },
    ]);
  });

  test('a text that starts with a dash follows --', async () => {
    const { calls } = await type([...TO, '--', '--wait for it']);
    expect(calls[1]).toMatchObject(['enqueue', { text: '--wait for it' }]);
  });
});

describe('without waiting', () => {
  test('the id alone is data', async () => {
    expect(await type([...TO, 'Disk full'])).toMatchObject({
      code: 0,
      stdout: 'a-1\n',
      stderr: 'see its outcome: sms-dispatch explain a-1\n',
    });
  });

  test('a duplicate is no failure, and is said', async () => {
    const { code, stdout, stderr } = await type([...TO, '--json', 'x'], { enqueue: () => ({ id: 'order-42', duplicate: true }) });
    expect(JSON.parse(stdout)).toEqual({ id: 'order-42', duplicate: true });
    expect(stderr).toContain('nothing was added');
    expect(code).toBe(0);
  });
});

describe('what goes wrong', () => {
  const refuse = () => {
    throw new AlertError([
      { path: 'to[1]', message: 'not a possible phone number: write it as +<country><number>' },
      { path: '', message: 'and something about the whole' },
    ]);
  };

  test('a bad number is named by its position, exit 1', async () => {
    const { code, stdout, stderr, calls } = await type([...TO, '--to', '12', 'x'], { enqueue: refuse });
    expect(stderr).toBe(
      'error: the alert was rejected; nothing was queued\n  to[1]: not a possible phone number: write it as +<country><number>\n  and something about the whole\n',
    );
    expect(stdout).toBe('');
    expect(code).toBe(1);
    expect(calls.at(-1)).toEqual(['close producer']);
  });

  test('a name that is not in the config is met with the one that was meant', async () => {
    const unknown = () => {
      throw new AlertError([
        { path: 'to[0]', message: 'no contact named "alise" in the config' },
        { path: 'to[1]', message: 'no group named "zzz" in the config' },
        { path: 'to[2]', message: 'not a possible phone number' },
        { path: 'template.name', message: 'no template named "login-cod" in the config' },
      ]);
    };
    const to = ['contact:alise', 'group:zzz', '12', 'contact:alice'].flatMap((name) => ['--to', name]);
    const { stderr } = await type(['send', ...to, '--template', 'login-cod'], { enqueue: unknown });
    expect(stderr).toBe(`error: the alert was rejected; nothing was queued
  to[0]: no contact named "alise" in the config (did you mean "alice"?)
  to[1]: no group named "zzz" in the config
  to[2]: not a possible phone number
  template.name: no template named "login-cod" in the config (did you mean "login-code"?)
`);
  });

  test('--json gives a program the same, fault by fault', async () => {
    const { code, stdout, stderr } = await type([...TO, '--json', 'x'], { enqueue: refuse });
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({
      error: {
        message: 'the alert was rejected; nothing was queued',
        errors: [
          { path: 'to[1]', message: 'not a possible phone number: write it as +<country><number>' },
          { path: '', message: 'and something about the whole' },
        ],
      },
    });
    expect(code).toBe(1);
  });

  test('Redis away: which one, and what to do, without its password', async () => {
    const { code, stdout, stderr } = await type([...TO, 'x'], { enqueue: redisAway });
    expect(stderr).toBe(
      'error: Redis is not available: connect ECONNREFUSED 10.0.0.5:6379\n' +
        'Tried 10.0.0.5:6379. Is `npm start` (or `sms-dispatch start`) running? If Redis is somewhere else, set REDIS_URL.\n',
    );
    expect(stderr).not.toContain(SECRET);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test("a connection's own error reads the same", async () => {
    const { code, stderr } = await type([...TO, 'x'], {
      enqueue: () => {
        throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:6379'), { code: 'ECONNREFUSED' });
      },
    });
    expect(stderr).toMatch(/^error: Redis is not available: connect ECONNREFUSED 10\.0\.0\.5:6379\nTried 10/);
    expect(code).toBe(1);
  });

  test('a connection that does not close well does not undo what was queued', async () => {
    expect(await type([...TO, 'x'], { closeProducer: redisAway })).toMatchObject({ code: 0, stdout: 'a-1\n' });
  });

  test('an invalid config is reported with its own faults', async () => {
    const { code, stderr, calls } = await type([...TO, 'x'], {
      loadConfig: () => {
        throw new ConfigError([{ path: 'routes[1].providers[0]', file: 'x.yaml', line: 9, message: 'no provider named "twillio"' }]);
      },
    });
    expect(stderr).toBe('error: the config has a fault\n  x.yaml:9 routes[1].providers[0]: no provider named "twillio"\n');
    expect(code).toBe(1);
    expect(calls).toEqual([['loadConfig', undefined]]);
  });

  test('a fault of ours shows its stack, for the bug report', async () => {
    const { code, stderr } = await type([...TO, 'x'], {
      enqueue: () => {
        throw new TypeError('a bug');
      },
    });
    expect(stderr).toMatch(/^error: unexpected error: TypeError: a bug\n {4}at /);
    expect(code).toBe(1);
  });
});

describe('--wait', () => {
  test('reads the trace until every phone has an outcome, and explains it', async () => {
    const { code, stdout, stderr, calls } = await type([...TO, '--wait=5', 'x'], { alerts: [undefined, queued, accepted] });
    expect(stdout).toMatch(/^Texted: accepted by twilio-main at 2026-11-20 03:00:01 UTC, after 1\.2 s\./);
    expect(stderr).toBe('a-1 is queued; waiting up to 5 s for its outcome\n');
    expect(code).toBe(0);
    expect(calls.filter(([name]) => name === 'read alert')).toHaveLength(3);
    expect(calls.at(-1)).toEqual(['close traces']);
  });

  test('without seconds waits for 30', async () => {
    const { code, stderr } = await type([...TO, 'x', '--wait'], { alerts: [accepted] });
    expect(stderr).toContain('waiting up to 30 s');
    expect(code).toBe(0);
  });

  test.each([
    ['suppressed', alertHistory({ outcome: 'suppressed', reason: 'duplicate' })],
    ['malformed', alertHistory({ outcome: 'malformed', reason: 'malformed' })],
    ['routed to nobody', alertHistory()],
    [
      'texted to one of two',
      alertHistory({ messages: [...accepted.messages, messageHistory({ state: 'suppressed', reason: 'no_consent' })] }),
    ],
    ['perhaps texted', alertHistory({ messages: [messageHistory({ state: 'unknown', reason: 'unknown_outcome' })] })],
  ])('an alert that was %s is an outcome, and exit 1', async (_what, alert) => {
    const { code, stdout, stderr } = await type([...TO, '--wait=5', '--json', 'x'], { alerts: [alert] });
    expect(JSON.parse(stdout)).toEqual({ id: 'a-1', duplicate: false, settled: true, alert });
    expect(stderr).not.toContain('stays queued');
    expect(code).toBe(1);
  });

  test('time up with the text on its way: what is known, that it stays queued, exit 1', async () => {
    const { code, stdout, stderr } = await type([...TO, '--wait=0.25', 'x'], { alerts: [queued] });
    expect(stdout).toMatch(/^Not texted yet: it waits for a dispatcher\./);
    expect(stderr).toContain('It stays queued; check again: sms-dispatch explain a-1');
    expect(code).toBe(1);
  });

  test.each([undefined, alertHistory({ outcome: 'pending' })])(
    'time up before any router saw it (%#): asks whether one runs',
    async (alert) => {
      const { code, stdout, stderr } = await type([...TO, '--wait=0.05', '--json', 'x'], { alerts: [alert] });
      expect(JSON.parse(stdout)).toEqual({ id: 'a-1', duplicate: false, settled: false, alert: alert ?? null });
      expect(stderr).toContain('No router has processed it yet. Is `npm start` (or `sms-dispatch start`) running?');
      expect(code).toBe(1);
    },
  );

  test('Redis lost while waiting does not hide the id of what is queued', async () => {
    const { code, stdout, stderr } = await type([...TO, '--wait=5', '--json', 'x'], { openHistories: redisAway });
    expect(JSON.parse(stdout)).toEqual({ id: 'a-1', duplicate: false, settled: false, alert: null });
    expect(stderr).toContain('Redis is not available');
    expect(stderr).not.toContain('No router');
    expect(code).toBe(1);
  });
});

test.each([
  ['scary', 'Use info, warning, error, critical.'],
  ['critcal', '(Did you mean "critical"?)'],
])('the severity %s, which no table knows, is wrong usage', async (word, said) => {
  const { code, stderr, calls } = await type([...TO, '--severity', word, 'x']);
  expect({ code, stderr, calls: calls.map(([name]) => name) }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(said),
    calls: ['loadConfig'],
  });
});
