import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, type AppDeps, createDispatcher, createReceiver, createRouter } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, post, settled } from '../support/system.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();

/** What may change while a message waits; the router and the dispatcher know different ones here. */
const config = (people: string) => `
providers: { desk: { type: simulated } }
routes:
  - { name: approvals, match: { purpose: notification }, consent: exempt, dedupeFor: 0, providers: [desk] }
  - { name: default, dedupeFor: 0, providers: [desk] }
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
${people}
`;
const BEFORE = `
countries: ["60", "65"]
contacts:
  alice: { phone: "+60123456781", consent: true }
  bob: { phone: "+60123456782", consent: false }
  carol: { phone: "+60123456783", consent: true }
  dave: { phone: "+60123456784", consent: true }
groups: { all: [alice, bob, "group:rest"], rest: [carol, "rotation:duty"] }
rotations: { duty: { timeZone: Asia/Kuala_Lumpur, shifts: [{ contacts: [dave] }] } }
`;
const AFTER = `
countries: ["60"]
contacts:
  alice: { phone: "+60123456781", consent: true }
  bob: { phone: "+60123456782", consent: false }
  carol: { phone: "+60123456783", consent: false }
`;

let door = '';
const stops: (() => Promise<void>)[] = [];

async function run(create: (deps: AppDeps) => App, people: string): Promise<number> {
  const path = await writeConfig(config(people));
  const app = create({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('silent') });
  stops.push(() => app.stop());
  return (await app.start()).httpPort;
}

beforeAll(async () => {
  const [port] = await Promise.all([run(createReceiver, BEFORE), run(createRouter, BEFORE), run(createDispatcher, AFTER)]);
  door = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
});

/** By the last digits of the number: state, reason, and the stage that gave it. */
async function endsOf(alert: object): Promise<Record<string, unknown[]>> {
  const [id = ''] = await post(door, [{ severity: 'critical', text: 'Disk full', ...alert }]);
  const { messages } = await settled(door, id, ['accepted', 'delivered', 'suppressed']);
  return Object.fromEntries(
    messages.map(({ to, state, reason, events }) => {
      const end = events.find(({ verdict }) => verdict === 'suppressed' || verdict === 'accepted');
      return [to.slice(-3), [state.replace('delivered', 'accepted'), reason ?? null, end?.stage]];
    }),
  );
}

describe('a phone without permission receives no message, with the reason in the trace', () => {
  test('neither when it is routed nor when that changed before it was sent', async () => {
    expect(await endsOf({ to: ['group:all', '+6581234568', '+8613800138000'] })).toEqual({
      781: ['accepted', null, 'dispatch'],
      782: ['suppressed', 'no_consent', 'consent-gate'],
      783: ['suppressed', 'no_consent', 'consent-gate'],
      784: ['suppressed', 'no_consent', 'consent-gate'],
      568: ['suppressed', 'country_not_allowed', 'country-gate'],
      '000': ['suppressed', 'country_not_allowed', 'country-gate'],
    });
  });

  test('but for contacts whose route asks for no consent, and numbers that a producer vouches for', async () => {
    expect(await endsOf({ to: ['group:rest', 'contact:bob'], purpose: 'notification' })).toEqual({
      782: ['accepted', null, 'dispatch'],
      783: ['accepted', null, 'dispatch'],
      784: ['accepted', null, 'dispatch'],
    });
    expect(await endsOf({ to: ['contact:bob', '+60123456782'] })).toEqual({ 782: ['accepted', null, 'dispatch'] });
  });
});

test('a premium-rate number is refused at the door, by its place', async () => {
  const { status, body } = await call(`${door}/v1/alerts`, {
    body: { severity: 'critical', text: 'x', to: ['contact:alice', 'rotation:duty', '+449098790123'] },
  });
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('to[2]');
  expect(JSON.stringify(body)).toContain('is a premium-rate number, whose owner earns from every message: not allowed');
});
