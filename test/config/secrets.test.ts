// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { isSecretInSchema } from '../../src/config/source/secret-path.ts';
import { faultsOf, loadYaml, minimal } from './load-yaml.ts';

const SECRET = 'hunter2-s3cr3t';
const PHONE = '+60123456789';
const env = { SECRET, WORD: 'hunter2', REDIS: `redis://:${SECRET}@localhost` };

/** Every way in which a value may reach a log. */
const prints = (value: unknown) => [inspect(value, { depth: null, showHidden: true }), JSON.stringify(value), String(value)].join('\n');

describe('a config that works', () => {
  const { config, warnings } = loadYaml(
    minimal(`http: { tokens: [ "\${SECRET}" ] }\nredis: { url: "\${REDIS}" }`).replace(
      ' }\n',
      `, tw: { type: twilio, accountSid: AC00000000000000000000000000000001, authToken: ${SECRET}, from: x, receiptToken: "\${SECRET}" },
         gw: { type: http, url: "https://x.example/?key=\${SECRET}", headers: { Authorization: "Bearer \${SECRET}" }, body: { to: "{to}", text: "{text}", key: "\${SECRET}" } } }\n`,
    ),
    { env },
  );

  test('prints no secret', () => {
    expect(prints({ config, warnings, providers: [...config.providers] })).not.toContain('hunter2');
  });

  test('still holds them', () => {
    expect(config.http.tokens[0]?.reveal()).toBe(SECRET);
    expect(config.redis.url?.reveal()).toContain(SECRET);
  });
});

/** Secrets that stand where something else should, from the environment and written out. */
describe('a fault prints no secret', () => {
  const places = (secret: string) => [
    `http: { port: ${secret} }`,
    `http: { host: ${secret}, tokens: ${secret} }`,
    `http: { publicUrl: ${secret} }`,
    `defaultCountry: ${secret}`,
    `logLevel: ${secret}`,
    `redis: { prefix: "a ${secret}" }`,
    `redis: { url: ${secret} }`,
    `caps: { perRecipient: [{ max: ${secret}, per: ${secret} }], perHour: ${secret} }`,
    `worker: ${secret}`,
    `contacts: { bob: { phone: ${secret}, consent: ${secret} } }`,
    `groups: { oncall: [ ${secret} ] }`,
    `webhooks: { to: [ ${secret}, "contact:${secret}" ] }`,
    `templates: { a: { text: "{ ${secret}", tencent: ${secret} } }`,
    `templates: { a: { text: "hi", tencent: { id: "1", params: [ ${secret} ] } } }`,
    `  - { name: ${secret}, providers: [ ${secret} ], match: { severity: ${secret}, purpose: ${secret}, source: "/(${secret}/" } }`,
    `  - { minSeverity: ${secret}, dedupeFor: ${secret}, overflow: ${secret}, onUnknown: ${secret}, providers: ${secret} }`,
  ];

  test.each(places('${SECRET}'))('of the environment: %s', (more) => {
    const error = faultsOf(minimal(more), { env });
    expect(prints(error) + prints(error.faults) + error.stack).not.toContain('hunter2');
  });

  const providers = (secret: string) => [
    `{ type: ${secret} }`,
    `{ type: twilio, accountSid: ${secret}, authToken: [ ${secret} ] }`,
    `{ type: twilio, accountSid: AC00000000000000000000000000000001, authToken: { value: ${secret} }, messagingServiceSid: ${secret} }`,
    `{ type: twilio, accountSid: AC00000000000000000000000000000001, authToken: ${secret}, statusCallback: "ftp://x:${secret}@y" }`,
    `{ type: http, url: "${secret}", headers: { "a b": ${secret}, c: "${secret}\\n" }, body: { key: "${secret} {what}" } }`,
    `{ type: http, url: "https://u:${secret}@x", headers: ${secret}, body: ${secret} }`,
    `{ type: simulated, receiptToken: [ ${secret} ], baseUrl: "http://${secret}@x", timeout: 0 }`,
  ];

  test.each([...providers('${SECRET}'), ...providers(SECRET).slice(1)])('of a provider: %s', (provider) => {
    const error = faultsOf(minimal().replace(' }\n', `, b: ${provider} }\n`), { env });
    expect(prints(error) + prints(error.faults) + error.stack).not.toContain('hunter2');
  });

  test('of a line that is not YAML', () => {
    const error = faultsOf(`http: { tokens: [ "${SECRET}" ${SECRET} ] } ${SECRET}: ${SECRET}`);
    expect(prints(error) + error.stack).not.toContain('hunter2');
  });

  test('of the environment, written through an anchor or twice', () => {
    const error = faultsOf(minimal('logLevel: &a "${SECRET}"\ndefaultCountry: *a\nworker: { lock: 1s, lock: "${SECRET}" }'), { env });
    expect(error.faults).toHaveLength(3);
    expect(prints(error)).not.toContain('hunter2');
  });
});

const PASSWORDS = ['Pa55#2', 'Pa55/2', 'Pa55?2', '5567/2', '5567?2', '5567#2', 'Pa%x552', 'Pa55@2', 'Pa 552'];

describe('a password that a URL cannot hold as it is', () => {
  test.each([
    ...PASSWORDS.map((password) => `smtps://ops:${password}@mail.example.com:465`),
    'smtps://ops:Pa55-2@mail.example.com:99999',
    'smtps://ops:Pa55-2@mail.example.com:smtp',
    'smtp://ops:Pa55-2@',
    'ops:Pa55-2@mail.example.com',
  ])('is in no fault and no warning: %s', (url) => {
    const written = JSON.stringify(url);
    const mail = `type: email, from: ops@example.com, to: [ops@example.com]`;
    for (const channels of [
      `channels: { ops: { ${mail}, smtp: ${written} } }`,
      `channels: { ops: ${written} }`,
      `channels: ${written}`,
      `channels: { ops: { ${mail}, server: ${written} } }`,
      `channels: { ops: { ${mail}, smtp: [ ${written} ] } }`,
      `channels: { ${written}: { ${mail} } }`,
      `channels: { ops: { type: ${written} } }`,
      `channels: { ops: { type: slack, url: ${written} } }`,
      `events: { erp: ${written} }`,
      `events: { erp: { url: ${written}, secret: ${written}, types: [ ${written} ] } }`,
      `redis: ${written}`,
      `redis: { address: ${written} }`,
      `redis: { prefix: ${written} }`,
      `http: { publicUrl: ${written}, port: ${written} }`,
      `contactFiles: ${written}`,
      `logLevel: ${written}`,
    ]) {
      try {
        const { warnings } = loadYaml(minimal(channels));
        expect(prints(warnings)).not.toMatch(/55.?2/);
      } catch (error) {
        expect(prints(error) + (error as Error).stack).not.toMatch(/55.?2/);
      }
    }
  });

  test.each(PASSWORDS.filter((password) => !/[@ ]/.test(password)))('is refused with how to write it: %s', (password) => {
    const error = faultsOf(
      minimal(
        `channels: { ops: { type: email, from: a@example.com, to: [a@example.com], smtp: "smtps://ops:${password}@mail.example.com:465" } }`,
      ),
    );
    expect(error.faults).toMatchObject([
      {
        path: 'channels.ops.smtp',
        value: expect.stringMatching(/^\d+ characters that start with smtps:/),
        hint: expect.stringContaining('# as %23'),
      },
    ]);
  });
});

test.each([
  'channels: { ops: "https://hooks.slack.com/services/T0/B0/s3cr3t" }',
  'channels: { ops: { type: slack, url: "hooks.slack.com/services/T0/B0/s3cr3t" } }',
  'channels: { ops: { type: slack, webhook: "https://hooks.slack.com/services/T0/B0/s3cr3t" } }',
  'channels: { ops: { type: webhook, url: "https://x.example", headers: { "X Pager": s3cr3t } } }',
  'channels: { ops: { type: webhook, url: "https://x.example", headers: [ s3cr3t ] } }',
  'channels: { ops: { type: webhook, url: "https://x.example", headers: s3cr3t } }',
  'events: { erp: { url: "ftp://x.example/s3cr3t", secret: s3cr3t } }',
  'http: { tokens: { a: s3cr3t } }',
  'http: s3cr3t',
  'providers: s3cr3t',
])('what the schema calls a secret is in no fault, however its key is spelled: %s', (more) => {
  const error = faultsOf(more.startsWith('providers') ? more : minimal(more));
  expect(prints(error) + prints(error.faults) + error.stack).not.toContain('s3cr3t');
});

test.each([
  [['channels', 'ops', 'smtp'], true],
  [['channels', 'ops'], true],
  [['channels', 'ops', 'from'], false],
  [['channels', 'ops', 'to', 0], false],
  [['channels', 'ops', 'headers', 'x'], true],
  [['channels', 'ops', 'unheard'], true],
  [['events', 'erp', 'secret', 1], true],
  [['redis', 'url'], true],
  [['redis', 'prefix'], false],
  [['providers', 'a', 'authToken'], true],
  [['providers', 'a', 'body', 'k', 'deep'], true],
  [['routes', 0, 'providers', 0], false],
  [['caps', 'perHour', 'max'], false],
  [['quietHours', 'timeZone'], false],
  [['contacts', 'bob', 'phone'], false],
] as const)('the schema decides whether %j is secret', (path, secret) => {
  expect(isSecretInSchema(path)).toBe(secret);
});

test.each([
  `contacts: { "${PHONE}": { phone: "${PHONE}", consent: maybe } }`,
  `contacts: { bob: "${PHONE}" }`,
  `contacts: { bob: { phone: "x${PHONE}" } }`,
  `groups: { oncall: [ "${PHONE}", ${PHONE} ] }`,
  `webhooks: { to: [ "contact:${PHONE}", "${PHONE}1234567" ] }`,
  `logLevel: ${PHONE}`,
  `http: { host: "${PHONE}" }`,
])('a fault prints no full phone number: %s', (more) => {
  expect(prints(faultsOf(minimal(more))).replaceAll(/for example \+\d+|phone: "\+60123456789", consent: true/g, '')).not.toContain(
    '123456789',
  );
});
