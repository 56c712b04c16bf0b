import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load-config.ts';
import { configSchema } from '../../src/config/schema/schema.ts';
import { loadYaml } from './load-yaml.ts';

const SHIPPED = 'config/sms-dispatch.yaml';

/** Stands in for whatever a shipped file asks of the environment. */
const env = {
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000000',
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+15005550006',
  AWS_SMS_REGION: 'eu-west-1',
  AWS_SMS_ACCESS_KEY_ID: 'AKIA0000000000000000',
  AWS_SMS_SECRET_ACCESS_KEY: 'key',
  AWS_SMS_ORIGINATION_IDENTITY: 'pool-1234',
  AWS_ACCESS_KEY_ID: 'AKIA0000000000000000',
  AWS_SECRET_ACCESS_KEY: 'key',
  TENCENT_SECRET_ID: 'id',
  TENCENT_SECRET_KEY: 'key',
  TENCENT_APP_ID: '1400006666',
  TENCENT_TEMPLATE_ID: '1234',
  TENCENT_LOGIN_TEMPLATE_ID: '1235',
  TENCENT_SIGN_NAME: 'Ops',
  TENCENT_RECEIPT_TOKEN: 'token',
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'id',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'key',
  ALIBABA_SIGN_NAME: 'Ops',
  ALIBABA_TEMPLATE_CODE: 'SMS_1234',
  UNISMS_ACCESS_KEY_ID: 'id',
  UNISMS_ACCESS_KEY_SECRET: 'key',
  UNISMS_SIGNATURE: 'Ops',
  UNISMS_TEMPLATE_ID: 'pub_1234',
  UNISMS_LOGIN_TEMPLATE_ID: 'pub_1235',
  SMSLOCAL_API_KEY: 'key',
  SMSLOCAL_FROM: 'OPS',
  EXOTEL_SID: 'acme1',
  EXOTEL_KEY: 'key',
  EXOTEL_TOKEN: 'token',
  EXOTEL_FROM: 'OPSALT',
  EXOTEL_DLT_ENTITY_ID: '1101',
  EXOTEL_DLT_TEMPLATE_ID: '1107',
  EXOTEL_DLT_LOGIN_TEMPLATE_ID: '1108',
  KANNEL_URL: 'http://127.0.0.1:13013',
  KANNEL_USERNAME: 'ops',
  KANNEL_PASSWORD: 'key',
  PUBLIC_URL: 'https://sms.example.com',
  RECEIPT_TOKEN: 'token',
  GATEWAY_KEY: 'key',
  ONCALL_PHONE: '+60123456789',
  ONCALL_EMAIL: 'alice@example.com',
  CHAT_URL: 'https://hooks.slack.com/services/T0/B0/key',
  SMTP_URL: 'smtps://user:key@mail.example.com:465',
  MAIL_FROM: 'alerts@example.com',
  SMS_DISPATCH_TOKEN: 'a-token-of-more-than-16-characters',
  REDIS_URL: 'redis://127.0.0.1:6379',
};

describe(SHIPPED, () => {
  const { config, warnings } = loadConfig({ env: {} });

  test('works unchanged, without any environment, and sends no real message', () => {
    expect(warnings).toEqual([]);
    expect([...config.providers.values()].map(({ type }) => type)).toEqual(['simulated']);
    expect(config.routes).toMatchObject([{ name: 'default', match: {}, providers: ['simulated'] }]);
    expect(config.http).toMatchObject({ host: '127.0.0.1', tokens: [] });
  });

  test('shows the defaults', () => {
    expect(config.caps).toEqual({
      weight: 'messages',
      perRecipient: [{ max: 5, perMs: 3_600_000 }],
      perSource: [],
      perCountry: new Map(),
      perHour: { max: 100, criticalReserve: 20 },
    });
  });

  test('holds every key that there is', () => {
    const text = readFileSync(SHIPPED, 'utf8');
    const keys = keysOf(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
    expect(keys.size).toBeGreaterThan(50);
    expect([...keys].filter((key) => !new RegExp(`(^|[^A-Za-z])${key}:`, 'm').test(text))).toEqual([]);
  });

  test('still loads with everything switched on that stands behind a #', () => {
    const text = readFileSync(SHIPPED, 'utf8');
    const switchedOn = text.replace(/^( *)# ( *(?:(?:- )?[A-Za-z-]+:( |$)|- \{))/gm, '$1$2');
    const { config, warnings } = loadYaml(switchedOn, { env });
    // Its own providers are real now, and its route is left as it is.
    expect(warnings).toMatchObject([{ path: 'routes[1]', message: 'reaches no phone: its providers are simulated' }]);
    expect([...config.providers.keys()]).toEqual([
      'simulated',
      'twilio-main',
      'aws-sns',
      'aws-eum',
      'tencent-cn',
      'alibaba-cn',
      'unisms-cn',
      'smslocal-main',
      'exotel-in',
      'my-gateway',
    ]);
    expect(config.routes.map(({ name }) => name)).toEqual(['login-codes', 'default']);
    expect(config.templates.get('login-code')).toHaveProperty('tencent');
    expect(config.http.webhookTo).toEqual(['group:oncall']);
  });

  test('switched on or not, shows the defaults of whatever has one', () => {
    const text = readFileSync(SHIPPED, 'utf8');
    const sections = text.slice(text.indexOf('# webhooks:')).replace(/^# /gm, '');
    const { config: shown } = loadYaml(
      `providers: { desk: { type: simulated } }\nroutes: [{ providers: [desk] }]\ncontacts: { a: { phone: "+60123456789" } }\ngroups: { oncall: [a] }\n${sections}`,
      { env },
    );
    const { http, worker, shutdown, metricsPort, logLevel } = shown;
    expect({ worker, shutdown, metricsPort, logLevel, port: http.port, host: http.host, prefix: shown.redis.prefix }).toEqual({
      worker: config.worker,
      shutdown: config.shutdown,
      metricsPort: config.metricsPort,
      logLevel: config.logLevel,
      port: config.http.port,
      host: config.http.host,
      prefix: config.redis.prefix,
    });
  });

  test('fits on five screens', () => {
    const lines = readFileSync(SHIPPED, 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeLessThan(280);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(140);
  });
});

test.each(readdirSync('config').filter((file) => file !== 'sms-dispatch.yaml'))(
  'config/%s loads with its variables set, without a warning',
  (file) => {
    expect(loadConfig({ path: `config/${file}`, env }).warnings).toEqual([]);
  },
);

test.each(['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM', 'ONCALL_PHONE'])('config/twilio.example.yaml asks for %s', (name) => {
  expect(() => loadConfig({ path: 'config/twilio.example.yaml', env: { ...env, [name]: undefined } })).toThrow(
    `environment variable ${name} is not set`,
  );
});

/** Every name of a setting in a JSON Schema, and none of what users name themselves. */
function keysOf(schema: unknown): Set<string> {
  if (typeof schema !== 'object' || schema === null) return new Set();
  const { properties = {} } = schema as { properties?: Record<string, unknown> };
  return new Set([
    ...Object.keys(properties),
    ...Object.values(schema).flatMap((part) => [...keysOf(part)]),
    ...Object.values(properties).flatMap((part) => [...keysOf(part)]),
  ]);
}
