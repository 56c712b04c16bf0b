// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
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
      `, tw: { type: twilio, accountSid: AC1, authToken: ${SECRET}, from: x, receiptToken: "\${SECRET}" },
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
    `{ type: twilio, accountSid: AC1, authToken: { value: ${secret} }, messagingServiceSid: ${secret} }`,
    `{ type: twilio, accountSid: AC1, authToken: ${secret}, statusCallback: "ftp://x:${secret}@y" }`,
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
