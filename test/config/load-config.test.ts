// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { describe, expect, test } from 'vitest';
import { pickRoute } from '../../src/policy/route.ts';
import { loadYaml, minimal } from './load-yaml.ts';

const { config: defaults } = loadYaml(minimal());

describe('a config with nothing but a provider and a route', () => {
  test('has the documented defaults', () => {
    expect(defaults).toMatchObject({
      routes: [{ name: 'default', match: {}, expiresAfterMs: 3_600_000, providers: ['desk'] }],
      caps: { perRecipient: [{ max: 5, perMs: 3_600_000 }], perHour: { max: 100, criticalReserve: 20 } },
      http: { port: 8080, host: '127.0.0.1', publicUrl: undefined, tokens: [], webhookTo: [] },
      redis: { url: undefined, prefix: '{sms}' },
      worker: { concurrency: 50, lockMs: 10_000 },
      shutdown: { graceMs: 25_000 },
      logLevel: 'info',
      metricsPort: 0,
      defaultCountry: undefined,
    });
    expect(defaults.providers.get('desk')).toMatchObject({ type: 'simulated', timeoutMs: 15_000 });
  });

  test('leaves to the alert what depends on it', () => {
    for (const key of ['minSeverity', 'dedupeForMs', 'onUnknown', 'maxSegments', 'transliterate', 'template'])
      expect(defaults.routes[0]).not.toHaveProperty(key);
  });

  test('accepts sections of which every line is commented out', () => {
    expect(loadYaml(minimal('templates:\n  # login: { text: hi }\ncaps:\nhttp: { publicUrl: }\n')).config).toEqual(defaults);
  });
});

test('every setting reaches the compiled config', () => {
  const { config, warnings } = loadYaml(`
defaultCountry: my
providers:
  desk: { type: simulated, timeout: 3s, countries: [60] }
  tw: { type: twilio, accountSid: AC00000000000000000000000000000001, authToken: t0ken, from: +15005550006 }
routes:
  - name: all
    match: { severity: [page, error], purpose: alert, source: "/^check/i", labels: { shard: 05, on: true } }
    minSeverity: warn
    dedupeFor: 0
    expiresAfter: 1h30m
    providers: [tw, desk]
    allowSimulated: true
    overflow: drop
    onUnknown: hold
    maxSegments: 3
    transliterate: true
    template: code
caps: { weight: segments, perRecipient: [{ max: 1, per: 30s }, { max: 20, per: 1d }], perHour: { max: 10, criticalReserve: 3 } }
contacts: { alice: { phone: 012-345 6789, consent: true } }
groups: { oncall: [alice] }
templates: { code: { text: "{code} {min}", tencent: { id: 12, params: [code] }, alibaba: { code: S1, params: { m: min } }, unisms: { id: u }, exotel: { dltTemplateId: 9 } } }
webhooks: { to: ["group:oncall", "contact:alice", "+60123456789"] }
http: { port: 9, host: 0.0.0.0, publicUrl: "https://x.example/a/", tokens: [t1, 0042] }
redis: { url: "redis://:pw@r:1/2", prefix: p }
worker: { concurrency: 7, lock: 30s }
shutdown: { grace: 0 }
metrics: { port: 9100 }
logLevel: DEBUG
`);
  expect(warnings.map(({ path, message }) => `${path} ${message}`)).toEqual([
    'http.tokens[0] can be guessed: fewer than 16 characters',
    'http.tokens[1] can be guessed: fewer than 16 characters',
  ]);
  expect(config).toMatchObject({
    defaultCountry: 'MY',
    routes: [
      {
        name: 'all',
        match: { severity: ['critical', 'error'], purpose: 'alert', source: /^check/i, labels: { shard: '05', on: 'true' } },
        minSeverity: 'warning',
        dedupeForMs: 0,
        expiresAfterMs: 5_400_000,
        providers: ['tw', 'desk'],
        overflow: 'drop',
        onUnknown: 'hold',
        maxSegments: 3,
        transliterate: true,
        template: 'code',
      },
    ],
    caps: {
      weight: 'segments',
      perRecipient: [
        { max: 1, perMs: 30_000 },
        { max: 20, perMs: 86_400_000 },
      ],
      perHour: { max: 10, criticalReserve: 3 },
    },
    contacts: new Map([['alice', { phone: '+60123456789', consent: true }]]),
    groups: new Map([['oncall', ['alice']]]),
    templates: new Map([
      [
        'code',
        {
          text: '{code} {min}',
          tencent: { id: '12', params: ['code'] },
          alibaba: { code: 'S1', params: { m: 'min' } },
          unisms: { id: 'u' },
          exotel: { dltTemplateId: '9' },
        },
      ],
    ]),
    http: { port: 9, host: '0.0.0.0', publicUrl: 'https://x.example/a', webhookTo: ['group:oncall', 'contact:alice', '+60123456789'] },
    redis: { prefix: 'p' },
    worker: { concurrency: 7, lockMs: 30_000 },
    shutdown: { graceMs: 0 },
    metricsPort: 9100,
    logLevel: 'debug',
  });
  expect(config.http.tokens.map((token) => token.reveal())).toEqual(['t1', '0042']);
  expect(config.redis.url?.reveal()).toBe('redis://:pw@r:1/2');
  expect([...config.providers.keys()]).toEqual(['desk', 'tw']);
  expect(config.providers.get('tw')).toMatchObject({ type: 'twilio', from: '+15005550006' });
  expect(config.providers.get('desk')).toMatchObject({ timeoutMs: 3000, countries: ['60'] });
  expect(
    pickRoute(config.routes, { severity: 'critical', purpose: 'alert', source: 'Checkout', labels: { shard: '05', on: 'true' } })?.name,
  ).toBe('all');
});

describe('caps', () => {
  test.each([
    ['off', undefined],
    ['false', undefined],
    ['{ max: 3 }', { max: 3, criticalReserve: 0 }],
    ['{ max: 50 }', { max: 50, criticalReserve: 10 }],
    ['{ max: 500 }', { max: 500, criticalReserve: 20 }],
    ['{ max: 500, criticalReserve: 0 }', { max: 500, criticalReserve: 0 }],
  ])('perHour: %s', (written, perHour) => {
    expect(loadYaml(minimal(`caps: { perHour: ${written} }`)).config.caps).toMatchObject({
      weight: 'messages',
      perRecipient: [{ max: 5, perMs: 3_600_000 }],
      perHour,
    });
  });

  test.each(['[]', 'off', 'false'])('perRecipient: %s switches that cap off and no other', (written) => {
    expect(loadYaml(minimal(`caps: { perRecipient: ${written} }`)).config.caps).toMatchObject({
      weight: 'messages',
      perRecipient: [],
      perHour: { max: 100, criticalReserve: 20 },
    });
  });
});

describe('placeholders', () => {
  const env = { TOKEN: 'from-env', EMPTY: '', PORT_OF_MINE: '8123', YES: 'true', DIGITS: '0123', TRICK: 'x } # : [' };
  const token = (written: string, files = {}) =>
    loadYaml(minimal(`http: { tokens: [ ${written} ] }`), { env, files }).config.http.tokens[0]?.reveal();

  test.each([
    ['${TOKEN}', 'from-env'],
    ['"${TOKEN}"', 'from-env'],
    ["'a-${TOKEN}-${TOKEN}'", 'a-from-env-from-env'],
    ['${TOKEN:-other}', 'from-env'],
    ['${NONE:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${NONE:-a: b, c # d}', 'a: b, c # d'],
    ['${NONE:-{braces}}', '{braces}'],
    ['${DIGITS}', '0123'],
    ['${TRICK}', 'x } # : ['],
    ['$${TOKEN}', '${TOKEN}'],
    ['p$ssword', 'p$ssword'],
    ['${file:token.txt}', 'from file'],
    ['Bearer ${file:./token.txt}', 'Bearer from file'],
  ])('%s gives %s', (written, value) => {
    expect(token(written, { 'token.txt': 'from file\n' })).toBe(value);
  });

  test('become what the schema expects', () => {
    const { config } = loadYaml(minimal('http: { port: ${PORT_OF_MINE} }\ncontacts: { a: { phone: "+60123456789", consent: ${YES} } }'), {
      env,
    });
    expect(config.http.port).toBe(8123);
    expect(config.contacts.get('a')?.consent).toBe(true);
  });

  test('that end up empty leave the setting out', () => {
    expect(loadYaml(minimal('http: { publicUrl: ${NONE:-}, tokens: ["${NONE:-}"] }'), { env }).config).toEqual(defaults);
  });

  test('in comments are not read', () => {
    expect(loadYaml(minimal('# tokens: ${NOT_SET} ${file:/not/there}'), { env }).config).toEqual(defaults);
  });

  test('shared through a YAML anchor are filled in wherever it is used', () => {
    const { config } = loadYaml(minimal('http: { tokens: [ &t "${TOKEN}", *t ] }'), { env });
    expect(config.http.tokens.map((secret) => secret.reveal())).toEqual(['from-env', 'from-env']);
  });
});

describe('what wins', () => {
  const yaml = minimal('http: { port: 1, host: 127.0.0.1 }\nredis: { url: redis://file }\nlogLevel: warn\nmetrics: { port: 2 }');
  const env = { PORT: '3', HOST: '127.0.0.2', REDIS_URL: 'redis://env', LOG_LEVEL: 'error', METRICS_PORT: '0' };

  test('the environment over the file', () => {
    const { config } = loadYaml(yaml, { env });
    expect(config).toMatchObject({ http: { port: 3, host: '127.0.0.2' }, logLevel: 'error', metricsPort: 0 });
    expect(config.redis.url?.reveal()).toBe('redis://env');
  });

  test('the file over an empty variable', () => {
    const { config } = loadYaml(yaml, { env: { PORT: '', HOST: '', REDIS_URL: '', LOG_LEVEL: ' ', METRICS_PORT: '' } });
    expect(config).toMatchObject({ http: { port: 1, host: '127.0.0.1' }, logLevel: 'warn', metricsPort: 2 });
    expect(config.redis.url?.reveal()).toBe('redis://file');
  });

  test('the caller over both', () => {
    expect(loadYaml(yaml, { env, overrides: { port: 5 } }).config.http).toMatchObject({ port: 5, host: '127.0.0.2' });
  });
});

describe('the hash', () => {
  const hashOf = (yaml: string, env = {}) => loadYaml(yaml, { env }).hash;

  test('is the same for the same meaning', () => {
    expect(hashOf(minimal())).toMatch(/^[0-9a-f]{12}$/);
    expect(hashOf(minimal('# a comment\ncaps: { perHour: { max: 100 } }'), { PORT: '99' })).toBe(hashOf(minimal()));
  });

  test.each(['caps: { perHour: { max: 99 } }', 'contacts: { a: { phone: "+60123456789" } }', 'redis: { prefix: other }'])(
    'covers %s',
    (more) => {
      expect(hashOf(minimal(more))).not.toBe(hashOf(minimal()));
    },
  );

  test('differs between two patterns', () => {
    const withPattern = (pattern: string) => minimal().replace('name: default', `name: default, match: { source: ${pattern} }`);
    expect(hashOf(withPattern('/a/'))).not.toBe(hashOf(withPattern('/b/')));
  });
});

test('a route may share its texts by weight, and have another order for a calling code', () => {
  const { config, warnings } = loadYaml(`
providers: { a: { type: simulated }, b: { type: simulated }, c: { type: simulated } }
routes: [{ providers: [{ name: a, weight: 3 }, { name: b, weight: "0.5" }, c], countries: { 86: [c], "1": [b, a] } }]
`);
  expect(config.routes[0]).toMatchObject({
    providers: [{ name: 'a', weight: 3 }, { name: 'b', weight: 0.5 }, 'c'],
    countries: { '86': ['c'], '1': ['b', 'a'] },
  });
  expect(warnings).toEqual([]);
});

describe('warnings', () => {
  test('for a weight that shares nothing', () => {
    const { warnings } = loadYaml(`
providers: { a: { type: simulated }, b: { type: simulated } }
routes: [{ providers: [a, { name: b, weight: 3 }], countries: { 86: [{ name: a, weight: 1 }] } }]
`);
    const message = 'has no effect: no adjacent provider has a weight';
    expect(warnings).toMatchObject([
      { path: 'routes[0].providers[1].weight', message },
      { path: 'routes[0].countries.86[0].weight', message },
    ]);
  });

  test.each([
    ['contacts: { bob: { phone: "+60123456789" } }', 'contacts.bob: receives no messages: consent is not given (consent: true)'],
    ['contacts: { bob: { phone: "+60123456789", consent: false } }', undefined],
    [
      'contacts: { bob: { phone: "+15550100123", consent: true } }',
      'contacts.bob.phone: the number is outside the ranges assigned in its country, got "+********123"',
    ],
    ['  - { name: late, providers: [desk] }', 'routes[1]: is never used: routes[0] before it matches every alert'],
    ['worker: { lock: 4999ms }', 'worker.lock: a short Redis outage makes other workers take over work of a healthy worker'],
    ['worker: { lock: 5s }', undefined],
    [
      'shutdown: { grace: 14s }',
      'providers.desk.timeout: longer than shutdown.grace (14s): a restart aborts slow calls, with unknown outcome (shutdown: { grace: 20s })',
    ],
    ['shutdown: { grace: 15s }', undefined],
    ['shutdown: { grace: 0 }', undefined],
  ])('for %s: %s', (more, line) => {
    const { warnings } = loadYaml(minimal(more));
    expect(warnings).toHaveLength(line === undefined ? 0 : 1);
    if (line !== undefined) {
      const [{ path, message, value, hint }] = warnings as [(typeof warnings)[number]];
      expect(`${path}: ${message}${value === undefined ? '' : `, got ${value}`}${hint === undefined ? '' : ` (${hint})`}`).toContain(line);
    }
  });

  const vendors = `providers:
  twilio: { type: simulated }
  uni: { type: unisms, accessKeyId: k, signature: s, templateId: t }
  idle: { type: unisms, accessKeyId: k, signature: s, templateId: t }
routes:
  - { match: { severity: critical }, providers: [uni] }
  - { name: rest, providers: [twilio, uni], allowSimulated: true, template: disk }
templates:
`;

  test('for a template that a provider of approved templates has no name for: where its text goes instead', () => {
    const { warnings } = loadYaml(`${vendors}  disk: { text: "{text}", tencent: { id: 1, params: [text] } }\n`);
    expect(warnings).toMatchObject([
      {
        path: 'templates.disk',
        line: 9,
        message: `has no "unisms": through uni (route route-1, rest) its text is inserted into the default template of that provider`,
      },
    ]);
  });

  test('not for one that every such provider knows', () => {
    expect(loadYaml(`${vendors}  disk: { text: "{text}", unisms: { id: 1 } }\n`).warnings).toEqual([]);
  });

  test.each<[type: string, region: string, message: string | undefined]>([
    ['sns', 'us-west-1', 'got SMS later than other regions'],
    ['sns', 'ap-northeast-3', 'got SMS later than other regions'],
    ['sns', 'us-gov-west-1', 'got SMS later than other regions'],
    ['sns', 'cn-north-1', 'is not a region from which AWS sends'],
    ['aws-sms-voice', 'cn-northwest-1', 'is not a region from which AWS sends'],
    ['sns', 'us-east-1', undefined],
    ['aws-sms-voice', 'eu-west-1', undefined],
  ])('%s in %s', (type, region, message) => {
    const { warnings } = loadYaml(`providers: { aws: { type: ${type}, region: ${region} } }\nroutes: [{ providers: [aws] }]\n`);
    expect(warnings.map(({ path }) => path)).toEqual(message === undefined ? [] : ['providers.aws.region']);
    if (message !== undefined) expect(warnings[0]?.message).toContain(message);
  });

  test.each<[what: string, statusCallback: string, http: string, message: string | undefined]>([
    ['no public address', 'https://sms.example.com/v1/receipts/tw', '', 'its receipts are rejected'],
    ['another address', 'https://other.example.com/v1/receipts/tw', 'http: { publicUrl: https://sms.example.com/ }', 'go elsewhere'],
    [
      'the name of another provider',
      'https://sms.example.com/v1/receipts/t',
      'http: { publicUrl: https://sms.example.com }',
      'go elsewhere',
    ],
    ['the right one', 'https://sms.example.com/v1/receipts/tw?edge=1', 'http: { publicUrl: https://sms.example.com/ }', undefined],
  ])('Twilio reports to %s', (_what, statusCallback, http, message) => {
    const twilio = `{ type: twilio, accountSid: AC00000000000000000000000000000001, authToken: t, from: "+15005550006", statusCallback: "${statusCallback}" }`;
    const { warnings } = loadYaml(`providers: { tw: ${twilio} }\nroutes: [{ providers: [tw] }]\n${http}\n`);
    expect(warnings.map(({ path }) => path)).toEqual(message === undefined ? [] : ['providers.tw.statusCallback']);
    if (message !== undefined) expect(warnings[0]?.message).toContain(message);
  });
});

describe('a simulated provider', () => {
  const mixed = (keys: string) =>
    `providers: { desk: { type: simulated }, other: { type: simulated }, tw: { type: sns, region: eu-west-1 } }\nroutes: [{ name: default, ${keys} }]\n`;

  test('stands beside a real one where the route insists', () => {
    expect(loadYaml(mixed('providers: [tw, desk], allowSimulated: true')).warnings).toEqual([]);
  });

  test('alone on its route is warned of where real ones are configured', () => {
    expect(loadYaml(mixed('providers: [desk, other]')).warnings).toMatchObject([
      { path: 'routes[0]', message: 'reaches no phone: its providers are simulated' },
    ]);
    expect(loadYaml(minimal()).warnings).toEqual([]);
  });
});
