import { describe, expect, test } from 'vitest';
import { diagnoseEnvironment, diagnoseHttpAccess, diagnoseNode } from '../../../src/cli/doctor/diagnose-setting.ts';
import { diagnoseOverview, diagnoseProcess, diagnoseRedis } from '../../../src/cli/doctor/diagnose-system.ts';
import { ConfigError } from '../../../src/config/fault.ts';
import type { Overview } from '../../../src/overview/overview.ts';
import type { RedisInspection } from '../../../src/redis/fitness/inspect.ts';
import { RedisUnavailableError } from '../../../src/redis/unavailable.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { overviewOf } from '../overviews.ts';
import { CONTACT_PHONE, SECRET, type, type World } from '../recording-deps.ts';

const well: World = {
  providers: {
    'twilio-main': {
      check: async () => [
        { subject: 'credentials', verdict: 'ok', detail: 'the account answers' },
        { subject: 'clock', verdict: 'ok', detail: 'agrees with the vendor' },
      ],
    },
  },
  process: { ready: true, reasons: [], configHash: '0123456789ab' },
  env: { REDIS_URL: `redis://:${SECRET}@10.0.0.5:6379` },
};

describe('doctor', () => {
  test('reports the state of each check, one line each, exit 0 when no problems found', async () => {
    const { code, stdout, stderr, calls } = await type(['doctor'], well);
    expect(stdout).toBe(`✓  node                  20.19.0
✓  environment           REDIS_URL is set and overrides the config
✓  config                config/sms-dispatch.yaml: 2 provider(s), 2 route(s), hash 0123456789ab
✓  http                  local requests only, without a token
✓  redis                 Redis 7.0.15 at 10.0.0.5:6379, 0.4 ms per round trip
✓  clock                 agrees with Redis
✓  workers               1 router(s), 2 dispatcher(s)
✓  queues                no job is waiting, 0 message(s) in flight, 0 dead letter(s)
✓  receiver              http://127.0.0.1:8080 is ready
✓  provider twilio-main  credentials, clock
–  provider desk         this type cannot be checked without sending a message
`);
    expect(stderr).toBe('no problems found\n');
    expect(code).toBe(0);
    expect(calls).toContainEqual(['close overview']);
    expect(calls).toContainEqual(['close provider', 'twilio-main']);
  });

  test('a broken config does not keep it from looking at Redis and at what runs', async () => {
    const { code, stdout } = await type(['doctor'], {
      ...well,
      overview: () => ({ unknown: 2 }),
      loadConfig: () => {
        throw new ConfigError([{ path: 'routs', file: 'x.yaml', line: 7, message: 'unknown key', hint: 'did you mean routes?' }]);
      },
    });
    expect(stdout).toMatch(/^! {2}unknown outcomes +2 messages have an unknown outcome/m);
    expect(stdout).toMatch(/^✗ {2}config +x\.yaml:7 routs: unknown key\n +→ did you mean routes\?$/m);
    expect(stdout).toMatch(/^✓ {2}redis +Redis 7\.0\.15/m);
    expect(stdout).toMatch(/^✓ {2}receiver +http:\/\/127\.0\.0\.1:8080 is ready$/m);
    expect(code).toBe(1);
  });

  test('a broken config whose Redis cannot be read is taken for no other Redis, unless --redis names one', async () => {
    const broken = {
      ...well,
      redisIsKnown: false,
      loadConfig: () => {
        throw new ConfigError([{ path: 'redis.url', file: 'x.yaml', line: 7, message: 'not a URL' }]);
      },
    };
    const { calls } = await type(['doctor'], broken);
    expect(calls).toContainEqual(['inspect redis', 'without a config']);
    const named = await type(['doctor', '--redis', 'redis://127.0.0.1:6400', '--prefix', '{sms}'], broken);
    expect(named.calls).not.toContainEqual(['inspect redis', 'without a config']);
    expect(named.stdout).toMatch(/^✓ {2}workers/m);
  });

  test('a Redis that is away hides nothing else', async () => {
    const { code, stdout } = await type(['doctor'], {
      ...well,
      inspectRedis: () => {
        throw new RedisUnavailableError(new Error('connect ECONNREFUSED 10.0.0.5:6379'));
      },
    });
    expect(stdout).toMatch(/^✗ {2}redis +Redis is not available: connect ECONNREFUSED 10\.0\.0\.5:6379\n +→ Start Redis, set REDIS_URL/m);
    expect(stdout).toMatch(/^✓ {2}provider twilio-main/m);
    expect(code).toBe(1);
  });

  test('a Redis that goes away between two questions is said as well', async () => {
    const { stdout } = await type(['doctor'], {
      ...well,
      overview: () => {
        throw new RedisUnavailableError('no answer within 4500 ms');
      },
    });
    expect(stdout).toMatch(
      /^✗ {2}redis +Redis is not available: no answer within 4500 ms\n +→ It does not answer: check whether its process is stopped/m,
    );
  });

  test('a failed check of a provider is a failed check here', async () => {
    const check = async () => [
      { subject: 'credentials', verdict: 'ok', detail: 'fine' } as const,
      { subject: 'balance', verdict: 'warning', detail: '0.12 USD left' } as const,
      { subject: 'sender', verdict: 'failed', detail: 'no such number' } as const,
    ];
    const { code, stdout } = await type(['doctor'], { ...well, providers: { 'twilio-main': { check } } });
    expect(stdout).toMatch(/^✓ {2}provider twilio-main {2}credentials$/m);
    expect(stdout).toMatch(/^! {2}provider twilio-main {2}balance: 0\.12 USD left$/m);
    expect(stdout).toMatch(/^✗ {2}provider twilio-main {2}sender: no such number\n +→ .*sms-dispatch providers check twilio-main$/m);
    expect(code).toBe(1);
  });

  test('--json gives the same as data; neither holds a secret or a number', async () => {
    const world = { ...well, overview: () => ({ dead: 1 }) };
    const { code, stdout } = await type(['doctor', '--json'], world);
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: object[] };
    expect(ok).toBe(true);
    expect(code).toBe(0);
    expect(checks).toContainEqual({ subject: 'node', verdict: 'ok', found: '20.19.0' });
    expect(checks).toContainEqual(
      expect.objectContaining({ subject: 'dead letters', verdict: 'warning', todo: expect.stringContaining('dead list') }),
    );
    const told = stdout + (await type(['doctor'], world)).stdout;
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain(CONTACT_PHONE);
  });
});

/** Sign by sign, as `verdict subject`. */
const brief = (diagnoses: readonly { verdict: string; subject: string }[]) =>
  diagnoses.map(({ verdict, subject }) => `${verdict} ${subject}`);

test.each([
  ['20.19.0', 'ok'],
  ['20.18.9', 'failed'],
  ['18.20.0', 'failed'],
  ['24.1.0', 'ok'],
  ['22.0.0', 'ok'],
])('Node %s is %s', (version, verdict) => {
  expect(diagnoseNode(version).verdict).toBe(verdict);
});

test.each<[env: Record<string, string>, warnings: string[]]>([
  [{ PATH: '/bin', HOME: '/root', HOSTNAME: 'x', LOGNAME: 'x' }, []],
  [{ REDIS_URI: 'x' }, ['unknown environment variable REDIS_URI']],
  [{ redis_url: 'x' }, ['unknown environment variable redis_url']],
  [{ REDIS_URI: 'x', REDIS_URL: 'y' }, []],
  [{ SMS_DISPATH_CONFIG: 'x' }, ['unknown environment variable SMS_DISPATH_CONFIG']],
])('of the variables %j it warns of %j', (env, warnings) => {
  const found = diagnoseEnvironment(env).filter(({ verdict }) => verdict === 'warning');
  expect(found.map((diagnosis) => diagnosis.found)).toEqual(warnings);
});

const door = (http: object) =>
  diagnoseHttpAccess({ http: { port: 8080, host: '127.0.0.1', publicUrl: undefined, tokens: [], webhookTo: [], ...http } as never });

test.each<[name: string, http: object, warned: string | undefined]>([
  ['no token on this machine alone', {}, undefined],
  ['a long token', { tokens: [new Secret('0123456789abcdef')], host: '0.0.0.0' }, undefined],
  ['a short token', { tokens: [new Secret('0123456789abcde')] }, 'shorter than 16'],
  ['a public address', { publicUrl: 'https://sms.example.com' }, undefined],
  ['a public address in the open', { publicUrl: 'http://sms.example.com' }, 'not https'],
  ['a public address that is none', { publicUrl: 'http://localhost:8080' }, 'vendors cannot deliver receipts'],
])('of the API with %s', (_name, http, warned) => {
  const [, ...warnings] = door(http);
  if (warned === undefined) expect(warnings).toEqual([]);
  else expect(warnings.map(({ found }) => found)).toEqual([expect.stringContaining(warned)]);
  expect(JSON.stringify(door(http))).not.toContain('0123456789');
});

const redis = (facts: Partial<RedisInspection>) =>
  diagnoseRedis({ address: '10.0.0.5:6379', server: 'Redis 7.0.15', findings: [], latencyMs: 1, clockAheadMs: 0, ...facts });

test.each<[name: string, facts: Partial<RedisInspection>, brief: string[]]>([
  ['well', {}, ['ok redis', 'ok clock']],
  ['far away', { latencyMs: 25 }, ['warning redis', 'ok clock']],
  ['a fault', { findings: [{ level: 'fault', problem: 'p', hint: 'r' }] }, ['ok redis', 'failed redis', 'ok clock']],
  ['a warning', { findings: [{ level: 'warning', problem: 'p', hint: 'r' }] }, ['ok redis', 'warning redis', 'ok clock']],
  ['a clock that is a little off', { clockAheadMs: -1_900 }, ['ok redis', 'ok clock']],
  ['a clock that is off', { clockAheadMs: -5_000 }, ['ok redis', 'warning clock']],
  ['a clock that is far off', { clockAheadMs: 61_500 }, ['ok redis', 'failed clock']],
  ['no clock', { clockAheadMs: undefined }, ['ok redis', 'unchecked clock']],
])('of Redis: %s', (_name, facts, expected) => {
  expect(brief(redis(facts))).toEqual(expected);
});

test('it reports which clock is ahead', () => {
  expect(redis({ clockAheadMs: 5_000 }).at(-1)?.found).toContain('this machine is 5.0 s ahead of Redis');
  expect(redis({ clockAheadMs: -5_000 }).at(-1)?.found).toContain('behind Redis');
});

test.each<[name: string, facts: Partial<Overview>, brief: string[]]>([
  ['well', {}, ['ok workers', 'ok queues']],
  ['no dispatcher', { workers: { routers: 1, dispatchers: 0 } }, ['ok queues', 'failed workers absent']],
  ['workers that cannot be counted', { workers: null }, ['unchecked workers', 'ok queues']],
  ['dead letters', { dead: 1 }, ['ok workers', 'ok queues', 'warning dead letters']],
])('of the system: %s', (_name, facts, expected) => {
  expect(brief(diagnoseOverview(overviewOf(facts)))).toEqual(expected);
});

test('what Redis itself was asked about is not said twice', () => {
  const { redis: figures } = overviewOf();
  const facts = { redis: figures && { ...figures, appendOnly: false, maxMemoryPolicy: 'allkeys-lru', maxMemoryBytes: 1_000_000_000 } };
  expect(brief(diagnoseOverview(overviewOf(facts)))).toEqual(['ok workers', 'ok queues']);
});

test.each([
  ['nothing there', undefined, ['unchecked receiver']],
  ['ready, by the same config', { ready: true, reasons: [], configHash: 'aa' }, ['ok receiver']],
  ['ready, by another config', { ready: true, reasons: [], configHash: 'bb' }, ['ok receiver', 'warning receiver']],
  ['ready, without saying by which', { ready: true, reasons: [], configHash: undefined }, ['ok receiver']],
  ['not ready', { ready: false, reasons: ['Redis does not answer'], configHash: 'aa' }, ['failed receiver']],
])('of what listens: %s', (_name, answer, expected) => {
  expect(brief(diagnoseProcess('http://127.0.0.1:8080', answer, 'aa'))).toEqual(expected);
});
