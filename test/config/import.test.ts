// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/fault.ts';
import { importGramex } from '../../src/config/import/import-gramex.ts';
import { importHertzbeat } from '../../src/config/import/import-hertzbeat.ts';
import { loadYaml } from './load-yaml.ts';

/** Whatever the config asks of the environment is there. */
function load(yaml: string) {
  const asked = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
  const values = asked.map((name) => [name, name === 'TWILIO_ACCOUNT_SID' ? `AC${'0'.repeat(32)}` : 'from-the-environment']);
  return loadYaml(yaml, { env: Object.fromEntries(values) }).config;
}

/** Of HertzBeat, with every type that it knows. */
const APPLICATION = `
server: { port: 1157 }
alerter:
  webhook: { x: 1 }
  sms:
    enable: true
    type: unisms
    tencent: { secret-id: AKIDsecret, secret-key: s3cret, app-id: 1400006666, sign-name: 赫兹跳动, template-id: 1343434 }
    alibaba: { access-key-id: LTAIsecret, access-key-secret: s3cret, sign-name: ops, template-code: SMS_123 }
    unisms: { auth-mode: hmac, access-key-id: s3cret, access-key-secret: s3cret, signature: ops, template-id: pub_1 }
    smslocal: { api-key: s3cret }
    aws: { access-key-id: AKIAsecret, access-key-secret: s3cret, region: eu-west-1 }
    twilio: { account-sid: ACsecret, auth-token: s3cret, twilio-phone-number: "+15005550006" }
`;

describe('a HertzBeat application.yml', () => {
  it('becomes a config that loads, with every type under its name here', () => {
    const { yaml } = importHertzbeat(APPLICATION, 'application.yml');
    const config = load(yaml);
    expect([...config.providers].map(([name, { type }]) => [name, type])).toEqual([
      ['tencent', 'tencent'],
      ['alibaba', 'alibaba'],
      ['unisms', 'unisms'],
      ['smslocal', 'smslocal'],
      ['aws', 'aws-sms-voice'],
      ['twilio', 'twilio'],
    ]);
    expect(config.providers.get('tencent')).toMatchObject({ appId: '1400006666', signName: '赫兹跳动', templateId: '1343434' });
    expect(config.providers.get('smslocal')).toMatchObject({ from: 'Hertzbeat' });
    expect(config.routes).toMatchObject([{ minSeverity: 'info', providers: ['unisms'] }]);
  });

  it('gives no secret away, and says which variable to set to which setting', () => {
    const { yaml, notes } = importHertzbeat(APPLICATION, 'application.yml');
    expect(`${yaml}${notes.join('\n')}`).not.toMatch(/(AKID|LTAI|AKIA|AC)secret|s3cret/);
    expect(notes).toContain('set TWILIO_AUTH_TOKEN in the environment to the value of alerter.sms.twilio.auth-token');
    expect(notes.some((note) => note.includes('HertzBeat used unisms only; for failover add tencent, alibaba'))).toBe(true);
  });

  it.each([
    [
      'dotted',
      `alerter.sms.enable: true\nalerter.sms.type: twilio\nalerter.sms.twilio: { account-sid: "\${SID:}", auth-token: "\${MY_TOKEN}", twilio-phone-number: "+15005550006" }`,
    ],
    [
      'in camelCase',
      `alerter: { sms: { enable: true, type: twilio, twilio: { accountSid: x, authToken: "\${MY_TOKEN:none}", twilioPhoneNumber: "+15005550006" } } }`,
    ],
  ])('is read %s as well, and a variable stays that variable', (_, text) => {
    const { yaml, notes } = importHertzbeat(text, 'a.yml');
    expect(notes.join()).not.toMatch(/no settings of its own|was not true/);
    expect(yaml).toMatch(/authToken: \$\{MY_TOKEN\}/);
    expect(yaml).toContain('from: "+15005550006"');
  });

  it('as shipped, in documents separated by --- and with samples of unused types, yields the settings that were filled in', () => {
    const shipped = `
server: { port: 1157 }
spring:
  application:
    name: \${HOSTNAME:@hertzbeat@}\${PID}
---
spring: { config: { activate: { on-profile: prod } } }
alerter:
  sms:
    enable: true
    type: tencent
    tencent: { secret-id: AKIDsecret, secret-key: s3cret, app-id: 1435441637, sign-name: ops, template-id: 1343434 }
    alibaba: { access-key-id: , access-key-secret: , sign-name: , template-code: }
    unisms: { auth-mode: simple, access-key-id: YOUR_ACCESS_KEY_ID, signature: YOUR_SMS_SIGNATURE, template-id: YOUR_TEMPLATE_ID }
    aws: { access-key-id: YOUR_ACCESS_KEY_ID, access-key-secret: YOUR_ACCESS_KEY_SECRET, region: AWS_REGION_FOR_END_USER_MESSAGING }
    twilio: { account-sid: YOUR_ACCOUNT_SID, auth-token: YOUR_AUTH_TOKEN, twilio-phone-number: YOUR_TWILIO_PHONE_NUMBER }
`;
    const { yaml } = importHertzbeat(shipped, 'application.yml');
    const { providers, routes } = load(yaml);
    expect([...providers.keys()]).toEqual(['tencent']);
    expect(routes).toMatchObject([{ providers: ['tencent'] }]);
  });

  const imported = (text: string) => importHertzbeat(text, 'application.yml');

  it('of up to 1.6.1 has its settings under common.sms, for Tencent Cloud alone', () => {
    const { yaml, notes } = imported(
      'common:\n  sms:\n    tencent: { secret-id: AKIDsecret, secret-key: s3cret, app-id: 1435441637, sign-name: ops, template-id: 0012345 }',
    );
    const { providers, routes } = load(yaml);
    expect(providers.get('tencent')).toMatchObject({ type: 'tencent', appId: '1435441637', templateId: '0012345' });
    expect(routes).toMatchObject([{ providers: ['tencent'] }]);
    expect(notes.join()).toContain('set TENCENT_SECRET_KEY in the environment to the value of common.sms.tencent.secret-key');
    expect(notes.join()).not.toMatch(/was not true|no settings of its own/);
    expect(yaml + notes.join()).not.toMatch(/AKIDsecret|s3cret/);
  });

  it('keeps what looks like a number as it is written', () => {
    const { yaml } = imported(
      'alerter: { sms: { enable: true, type: twilio, twilio: { account-sid: x, auth-token: 0x1F, twilio-phone-number: +15005550006 }, tencent: { secret-id: a, secret-key: b, app-id: 14000066661400006666, sign-name: 1.10, template-id: 0140 } } }',
    );
    expect(yaml).toContain('from: "+15005550006"');
    expect(yaml).toContain('appId: "14000066661400006666"');
    expect(yaml).toContain('signName: "1.10"');
    expect(yaml).toContain('templateId: "0140"');
  });

  it('keeps the default of a variable, unless it may be a secret', () => {
    const { yaml, notes } = imported(
      'alerter: { sms: { enable: "${ON:true}", type: "${TYPE:unisms}", unisms: { auth-mode: "${MODE:simple}", access-key-id: "${KEY:s3cret}", signature: "${SIGN:ops:team}", template-id: "${T:}" } } }',
    );
    expect(yaml).toContain('authMode: ${MODE:-simple}');
    expect(yaml).toContain('signature: ${SIGN:-ops:team}');
    expect(yaml).toContain('templateId: ${T}');
    expect(yaml).toContain('accessKeyId: ${KEY}');
    expect(notes).toContain(
      'set KEY in the environment: the default of alerter.sms.unisms.access-key-id may be a secret and is not carried over',
    );
    expect(yaml + notes.join()).not.toContain('s3cret');
    expect(notes.join()).not.toMatch(/was not true|no settings of its own/);
  });

  it.each(['$ecretWord', '$ECRET', '$', '${A}${B}s3cret', '${A:${B:s3cret}}', '${my.property}', '$$x'])(
    'prints no secret such as %s',
    (secret) => {
      const { yaml, notes } = imported(
        `alerter: { sms: { enable: true, type: smslocal, smslocal: { api-key: ${JSON.stringify(secret)} } } }`,
      );
      expect(yaml).toContain('apiKey: ${SMSLOCAL_API_KEY}');
      expect(notes).toContain('set SMSLOCAL_API_KEY in the environment to the value of alerter.sms.smslocal.api-key');
      expect(yaml + notes.join()).not.toMatch(/s3cret|ecretWord|ECRET\b|my\.property/);
    },
  );

  describe('with parts for profiles', () => {
    const file = (general: string, ...parts: string[]) =>
      [
        general,
        ...parts.map(
          (on, index) => `${on}\nalerter: { sms: { enable: true, type: smslocal, smslocal: { api-key: "\${KEY_${index + 1}}" } } }`,
        ),
      ].join('\n---\n');
    const on = (profile: string) => `spring.config.activate.on-profile: "${profile}"`;
    it.each([
      ['the active one', file('spring: { profiles: { active: test } }', on('prod'), on('test'), on('dev')), 'KEY_2'],
      ['the default of a variable', file('spring.profiles.active: "${P:test}"', on('test'), on('prod')), 'KEY_1'],
      ['the last of several', file('spring: { profiles: { active: [prod, eu] } }', on('prod'), on('eu'), on('dev')), 'KEY_2'],
      ['one that is not another', file('spring: { profiles: { active: prod } }', on('!dev'), on('dev')), 'KEY_1'],
      ['both', file('spring: { profiles: { active: prod } }', on('prod'), on('prod & eu')), 'KEY_1'],
      [
        'as before Spring Boot 2.4',
        file('spring: { profiles: { active: prod } }', 'spring: { profiles: prod }', 'spring: { profiles: dev }'),
        'KEY_1',
      ],
      ['prod where none is named', file('a: 1', on('prod'), on('dev')), 'KEY_1'],
      ['the only one', file('a: 1', on('staging')), 'KEY_1'],
    ])('takes %s', (_, text, key) => {
      expect(imported(text).yaml).toContain(`apiKey: \${${key}}`);
    });

    it('says what it left out', () => {
      expect(imported(file('a: 1', on('prod'), on('dev'))).notes).toEqual(
        expect.arrayContaining([
          'the file does not set the active profile: prod is assumed',
          'not carried over: the part of the file for the profile dev',
        ]),
      );
    });
  });

  it('with settings that we know nothing of has each of them named', () => {
    const { notes } = importHertzbeat(
      'alerter: { sms: { enable: false, type: aws, aws: { region: eu-west-1, profile: x }, pigeon: { coop: 7 } } }',
      'a.yml',
    );
    expect(notes.slice(0, 3)).toEqual([
      'not carried over: alerter.sms.aws.profile',
      'not carried over: alerter.sms.pigeon',
      'alerter.sms.enable was not true: HertzBeat sent no messages',
    ]);
  });

  it.each([
    ['server: {}', 'alerter.sms'],
    ['alerter: { sms: { enable: false, type: tencent, tencent: { secret-id: , app-id: } } }', 'has no provider settings'],
    ['alerter: { sms: { twilio: { auth-token: |s3cret } } }', 'a.yml:1:41: is not valid YAML'],
    ['- a', 'is not a map'],
    ['a: [', 'is not valid YAML'],
  ])('%j is refused in words', (text, words) => {
    expect(() => importHertzbeat(text, 'a.yml')).toThrow(ConfigError);
    expect(() => importHertzbeat(text, 'a.yml')).toThrow(words);
  });
});

it.each([
  'tencent: { secret-keys3cret-value, app-id: 1 }, twilio: { auth-token: x }',
  'unisms: { auth-mode: hmacs3cret-value, access-key-secret: x }',
  'unisms: { "access-key-secret8(s3cret-value": y, access-key-secret: x }',
  'aws: { region: eu-west-1s3cret-value, access-key-id: x }',
  'tencent: { app-id: 14000s3cret, secret-key: x }',
  'alibaba: { template-code: SMS_1s3cret-value-of-thirty-characters, access-key-secret: x }',
  'types3cret: x, twilio: { auth-token: x }',
  'twilios3cret-value: { auth-token: x }, twilio: { auth-token: x }',
])('an application.yml of HertzBeat shows no secret that a broken line merged into something else: %s', (inner) => {
  const { yaml, notes } = importHertzbeat(`alerter: { sms: { enable: true, ${inner} } }`, 'a.yml');
  expect(yaml + notes.join('\n')).not.toContain('s3cret');
});

describe('a gramex.yaml', () => {
  const GRAMEX = `
url: { x: { handler: FormHandler } }
sms:
  my sns: { type: amazonsns, aws_access_key_id: AKIAsecret, aws_secret_access_key: s3cret, region_name: us-east-1, smstype: Promotional }
  exotel-sms: { type: exotel, sid: acme1, key: s3cret, token: $MY_TOKEN, domain: api.in.exotel.com, priority: high }
  pigeon: { type: pigeon }
`;

  it('becomes a config that loads, its notifiers in their order', () => {
    const { yaml, notes } = importGramex(GRAMEX, 'gramex.yaml');
    const config = load(yaml);
    expect(config.providers.get('my-sns')).toMatchObject({ type: 'sns', region: 'us-east-1', smsType: 'Promotional' });
    expect(config.providers.get('exotel-sms')).toMatchObject({
      type: 'exotel',
      sid: 'acme1',
      domain: 'api.in.exotel.com',
      priority: 'high',
    });
    expect(config.routes[0]?.providers).toEqual(['my-sns', 'exotel-sms']);
    expect(notes).toContain('not carried over: sms.pigeon, of type "pigeon"');
    expect(notes).toContain('sms.my sns is renamed to my-sns');
    expect(yaml).not.toMatch(/s3cret|AKIAsecret/);
    expect(yaml).toMatch(/token: \$\{MY_TOKEN\}/);
  });

  it('keeps a secret that begins with a dollar out of what it prints', () => {
    const { yaml, notes } = importGramex(
      'sms: { e: { type: exotel, sid: "0012", key: $ecretWord, token: "$s3cret-x", domain: x } }',
      'g.yaml',
    );
    expect(yaml).toMatch(/key: \$\{EXOTEL_KEY\}\n\s+token: \$\{EXOTEL_TOKEN\}/);
    expect(yaml).toContain('sid: "0012"');
    expect(yaml + notes.join()).not.toMatch(/ecretWord|s3cret/);
  });

  it.each([
    ['behind a key', 'sms: { e: { type: exotel, sid: acme1, tokens3cret-value, from: OPS } }'],
    ['behind a key with other characters between', 'sms: { e: { type: exotel, sid: acme1, "token8(s3cret-value": x } }'],
    ['behind a key that has a value', 'sms: { e: { type: exotel, sid: acme1, tokens3cret: x } }'],
    ['behind the sid', 'sms: { e: { type: exotel, sid: acme1s3cret-value-of-thirty-characters } }'],
    ['behind a priority', 'sms: { e: { type: exotel, sid: acme1, priority: highs3cret } }'],
    ['behind the type', 'sms: { e: { type: exotel, sid: acme1 }, f: { type: twilios3cret-value } }'],
    ['behind the name', 'sms: { e: { type: exotel, sid: acme1 }, "f{ token: s3cret-value": { type: twilio } }'],
    ['in a long name', `sms: { e: { type: exotel, sid: acme1 }, ${'f'.repeat(40)}s3cret: { type: pigeon } }`],
  ])('shows no secret that a broken line merged into what stands %s', (_where, text) => {
    const { yaml, notes } = importGramex(text, 'g.yaml');
    expect(yaml + notes.join('\n')).not.toContain('s3cret');
    expect(notes.join('\n')).toMatch(/not carried over: |a name of/);
  });

  it('keeps two notifiers apart whose names become one, and makes no name of a phone number', () => {
    const { yaml, notes } = importGramex(
      'sms: { a b: { type: exotel, sid: one }, a-b: { type: exotel, sid: two }, "+60198765432": { type: exotel, sid: three } }',
      'g.yaml',
    );
    expect([...load(`${yaml.replaceAll('type: exotel', 'type: exotel\n    token: ${T}')}`).providers.keys()]).toEqual([
      'a-b',
      'a-b-2',
      'sms',
    ]);
    expect(yaml + notes.join('\n')).not.toContain('60198765432');
  });

  it.each(['constructor', '__proto__', 'toString', '1', ''])('takes the type %j for one that it does not know', (type) => {
    const { notes } = importGramex(`sms: { e: { type: exotel, sid: a }, f: { type: "${type}" }, g: text, h: 5, i: [] }`, 'g.yaml');
    expect(notes).toContain(`not carried over: sms.f, of type "${type}"`);
    expect(notes).toContain('not carried over: sms.g, which is not a map of settings');
  });

  it('without notifiers is refused in words', () => {
    expect(() => importGramex('url: {}', 'g.yaml')).toThrow('is missing');
    expect(() => importGramex('sms: { a: { type: pigeon } }', 'g.yaml')).toThrow('has no notifier');
  });
});
