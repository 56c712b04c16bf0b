import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type App, createAll } from '../../src/app.ts';
import { type LoadedConfig, loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, launch, metrics, post, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const account = { accountSid: `AC${'e'.repeat(32)}`, authToken: 'the-token-of-the-reload-test' };
const { url: redisUrl, prefix } = testRedis();

let first: FakeTwilio;
let second: FakeTwilio;
const twilio = ({ url }: FakeTwilio) =>
  `{ type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${url}" }`;
const config = ({
  providers = `first: ${twilio(first)}`,
  routes = '{ name: default, minSeverity: info, dedupeFor: 0, overflow: defer, providers: [first] }',
  more = '',
}) => `
providers: { ${providers} }
routes: [ ${routes} ]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
shutdown: { grace: 5s }
${more}`;
const load = async (yaml: string) => {
  const path = await writeConfig(yaml);
  return loadConfig({ path, env: { PORT: '0' } });
};
const phones = ({ requests }: FakeTwilio) => requests.flatMap(({ method, form }) => (method === 'POST' ? [String(form.To)] : []));

let numbers = 0;
const alerts = (count: number) =>
  Array.from({ length: count }, () => ({ to: `+6012${String(4_000_000 + ++numbers)}`, severity: 'critical', text: `text ${numbers}` }));

beforeAll(async () => {
  [first, second] = await Promise.all([startFakeTwilio(account), startFakeTwilio(account)]);
  return async () => void (await Promise.all([first.close(), second.close()]));
});

async function run(yaml: string): Promise<{ app: App; url: string; log: string[] }> {
  const log: string[] = [];
  const logger = createLogger('info', { write: (line) => void log.push(line) });
  const app = createAll({ config: (await load(yaml)).config, redisUrl, logger });
  const { httpPort } = await app.start();
  onTestFinished(() => app.stop());
  return { app, url: `http://127.0.0.1:${httpPort}`, log };
}

describe('a reload', () => {
  it('under load loses no request and no text, sends none twice, and ends what is in flight by the config before', async () => {
    const { app, url } = await run(config({}));
    for (const vendor of [first, second]) vendor.requests.splice(0);
    let answer: () => void = () => undefined;
    const answered = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
    first.respondWith(() => (phones(first).length === 1 ? answered : undefined));
    const ids = await post(url, alerts(1));
    await until(() => phones(first).length === 1);

    const after = [
      await load(config({ providers: `first: ${twilio(first)}, second: ${twilio(second)}`, more: 'worker: { concurrency: 20 }' })),
      await load(
        config({ routes: '{ name: new, minSeverity: info, dedupeFor: 0, providers: [second] }', providers: `second: ${twilio(second)}` }),
      ),
    ];
    let sending = true;
    const senders = Array.from({ length: 4 }, async () => {
      while (sending) ids.push(...(await post(url, alerts(5))));
    });
    for (const next of after) {
      const mark = ids.length;
      await until(() => ids.length > mark + 25);
      expect(await app.reload(() => next)).toBe(true);
    }
    const mark = ids.length;
    await until(() => ids.length > mark + 25);
    sending = false;
    await Promise.all(senders);
    answer();

    const done = await Promise.all(ids.map((id) => settled(url, id, ['accepted'])));
    expect(done.every(({ messages }) => messages[0]?.attempts.length === 1)).toBe(true);
    const asked = [...phones(first), ...phones(second)];
    expect(new Set(asked).size).toBe(ids.length);
    expect(asked).toHaveLength(ids.length);
    expect(phones(second).length).toBeGreaterThan(0);
    const all = await metrics(url);
    expect(all.get('sms_provider_requests_total{provider="second",result="accepted",reason="none"}')).toBe(phones(second).length);
    expect(all.get('sms_provider_requests_total{provider="first",result="accepted",reason="none"}')).toBe(phones(first).length);
    expect(all.has('sms_provider_circuit_state{provider="first"}')).toBe(false);
  }, 240_000);

  it('that raises a cap releases held-back messages immediately', async () => {
    const capped = (max: number) => config({}).replace('perHour: off', `perHour: { max: ${max}, criticalReserve: 0 }`);
    const { app, url } = await run(capped(1));
    first.respondWith(() => undefined);
    const ids = await post(url, alerts(4));
    const states = async () => (await Promise.all(ids.map((id) => trace(url, id)))).map(({ messages }) => messages[0]?.state);
    await until(async () => (await states()).filter((state) => state === 'deferred').length === 3);
    const next = await load(capped(3));
    expect(await app.reload(() => next)).toBe(true);
    await until(async () => (await states()).filter((state) => state === 'accepted').length === 3);
    expect((await states()).toSorted()).toEqual(['accepted', 'accepted', 'accepted', 'deferred']);
  });

  it('applies new routes, contacts and tokens immediately', async () => {
    const { app, url } = await run(config({ more: 'http: { tokens: [old] }' }));
    first.respondWith(() => undefined);
    const ask = (token: string) =>
      call<{ accepted: { id: string }[] }>(`${url}/v1/alerts`, {
        body: { to: 'contact:carol', severity: 'info', text: 'x' },
        headers: { authorization: `Bearer ${token}` },
      });
    expect([(await ask('old')).status, (await ask('new')).status]).toEqual([400, 401]);
    const routes = '{ name: quiet, minSeverity: error, providers: [first] }';
    const next = await load(
      config({ routes, more: 'http: { tokens: [new] }\ncontacts: { carol: { phone: "+60124999999", consent: true } }' }),
    );
    await app.reload(() => next);
    expect((await ask('old')).status).toBe(401);
    const { status, body } = await ask('new');
    expect(status).toBe(202);
    const trace = await until(async () => {
      const found = await call<{ outcome: string; reason: string }>(`${url}/v1/alerts/${body.accepted[0]?.id}`, {
        headers: { authorization: 'Bearer new' },
      });
      return found.body.outcome === 'pending' ? undefined : found.body;
    });
    expect(trace).toMatchObject({ outcome: 'suppressed', reason: 'below_severity' });
  });

  it('that is refused changes nothing and says why', async () => {
    const { app, url, log } = await run(config({}));
    const hash = (await metrics(url)).get('sms_config_hash');
    const next = await load(config({ more: 'contacts: { carol: { phone: "+60124999999" } }' }).replace(prefix, 'other'));
    expect(await app.reload(() => next)).toBe(false);
    expect(log.filter((line) => line.includes('redis.prefix: cannot change while the process runs (restart)'))).toHaveLength(1);
    expect(log.at(-1)).toContain('config not reloaded; the previous one stays active');
    const all = await metrics(url);
    expect([all.get('sms_config_last_reload_successful'), all.get('sms_config_hash')]).toEqual([0, hash]);
  });

  it('that is still being read holds up neither messages nor the end of the process', async () => {
    const { app, url, log } = await run(config({}));
    first.respondWith(() => undefined);
    const next = await load(config({ more: 'contacts: { carol: { phone: "+60124999999", consent: true } }' }));
    let give: (loaded: typeof next) => void = () => undefined;
    const reading = new Promise<typeof next>((resolve) => (give = resolve));
    const reloads = [app.reload(() => reading), app.reload(() => next)];
    for (const id of await post(url, alerts(3))) await settled(url, id, ['accepted']);
    expect(log.filter((line) => line.includes('config re'))).toEqual([]);
    await app.stop();
    give(next);
    expect(await Promise.all(reloads)).toEqual([false, false]);
    expect(app.activeConfig().contacts.size).toBe(0);
  });

  it('waits for the one before it, so that the last file wins', async () => {
    const { app } = await run(config({}));
    const [slow, quick] = await Promise.all(
      ['carol', 'dave'].map((name) => load(config({ more: `contacts: { ${name}: { phone: "+60124999999" } }` }))),
    );
    let give: () => void = () => undefined;
    const reading = new Promise<void>((resolve) => (give = resolve));
    const reloads = [
      app.reload(() => reading.then(() => slow as LoadedConfig)),
      app.reload(() => {
        give();
        throw new Error('read while another one was being read');
      }),
      app.reload(async () => quick as LoadedConfig),
    ];
    give();
    expect(await Promise.all(reloads)).toEqual([true, false, true]);
    expect([...app.activeConfig().contacts.keys()]).toEqual(['dave']);
  });

  it('to a config that means the same changes nothing, and is right', async () => {
    const { app, log } = await run(config({}));
    const same = await load(`# a comment\n${config({})}`);
    expect(await app.reload(() => same)).toBe(true);
    expect(log.at(-1)).toContain('"changed":[]');
  });
});

describe('a process', () => {
  it('reads its config again on SIGHUP and when a contact file is replaced; an invalid one leaves the old one active until it is fixed', async () => {
    const people = (name: string) => `contacts: { ${name}: { phone: "+60124888888", consent: true } }\n`;
    const dir = dirname(await writeConfig(''));
    const at = (name: string) => join(dir, name);
    writeFileSync(at('people.yaml'), people('dave'));
    writeFileSync(at('c.yaml'), config({ more: 'contactFiles: [people.yaml]' }));
    const receiver = await launch({ kind: 'receiver', config: '', redisUrl, env: { SMS_DISPATCH_CONFIG: at('c.yaml') } });
    const state = async () => (await metrics(receiver.url)).get('sms_config_last_reload_successful');
    const knows = async (name: string) =>
      (await call(`${receiver.url}/v1/alerts`, { body: { to: `contact:${name}`, severity: 'info', text: 'x' } })).status === 202;
    expect([await state(), await knows('dave'), await knows('erin')]).toEqual([1, true, false]);

    writeFileSync(at('c.yaml'), `${config({ more: 'contactFiles: [people.yaml]' })}\ncapz: {}\n`);
    receiver.kill('SIGHUP');
    await until(async () => (await state()) === 0);
    expect(receiver.output()).toContain('capz: unknown key (did you mean \\"caps\\"?)');
    expect(await knows('dave')).toBe(true);

    writeFileSync(at('people.yaml~'), people('erin'));
    renameSync(at('people.yaml~'), at('people.yaml'));
    writeFileSync(at('c.yaml'), config({ more: 'contactFiles: [people.yaml]' }));
    await until(() => knows('erin'));
    expect([await state(), await knows('dave')]).toEqual([1, false]);
    expect(receiver.output()).toMatch(/"changed":\["contacts"\],"msg":"config reloaded"/);
    receiver.kill('SIGTERM');
    expect(await receiver.exit()).toBe(0);
  }, 240_000);
});
