import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, metrics, post, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();
let url: string;
let stop: () => Promise<void>;

beforeAll(async () => {
  const path = await writeConfig(`
providers: { desk: { type: simulated, timeout: 500ms } }
routes: [{ name: default, minSeverity: info, overflow: defer, providers: [desk], acknowledge: true, resolvedTexts: true, onUnknown: hold }]
caps: { perRecipient: [{ max: 2, per: 1h }], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`);
  const app = createAll({ config: loadConfig({ path, env: {} }).config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  url = `http://127.0.0.1:${httpPort}`;
  stop = app.stop;
});
afterAll(() => stop());

const TOLD = '+60121110001';
const REFUSED = '+60121110006';
const UNKNOWN = '+60121110005';
const CAPPED = '+60121120001';
const ACKNOWLEDGED = '+60121130001';

const raise = async (alert: object): Promise<string> => (await post(url, { severity: 'critical', ...alert }))[0] as string;
const when = (id: string, is: (alert: AlertHistory) => boolean) =>
  until(async () => {
    const alert = await trace(url, id);
    return is(alert) ? alert : undefined;
  });
const OPEN = ['queued', 'deferred', 'sending'];
const settled = (id: string) =>
  when(id, ({ messages, outcome }) => outcome !== 'pending' && messages.every(({ state }) => !OPEN.includes(state)));
const outbox = async (ending: string) => {
  const { body } = await call<{ messages: { to: string; text: string }[] }>(`${url}/v1/simulated/outbox`);
  return body.messages.filter(({ text }) => text.includes(ending)).map(({ text }) => text);
};
const acknowledge = async (id: string) => (await call(`${url}/v1/alerts/${id}/acknowledge`, { body: { by: 'alice' } })).body;

describe('a problem that is over', () => {
  it('is reported once to recipients of an accepted message, by concurrent resolves', async () => {
    const id = await raise({ to: [TOLD, REFUSED, UNKNOWN], text: 'Disk full', dedupKey: 'disk' });
    await settled(id);
    const resolve = () => call(`${url}/v1/alerts/resolve`, { body: { dedupKey: 'disk' } });
    await Promise.all([resolve(), resolve(), raise({ status: 'resolved', dedupKey: 'disk', to: undefined })]);
    const { messages } = await when(id, (alert) => alert.messages.some(({ says, state }) => says === 'resolved' && state === 'delivered'));
    expect(messages.map(({ says = 'firing', state, to }) => [says, state, to.slice(-3)])).toEqual([
      ['firing', 'delivered', '001'],
      ['firing', 'failed', '006'],
      ['firing', 'unknown', '005'],
      ['resolved', 'delivered', '001'],
    ]);
    await resolve();
    const texts = await outbox('Disk full');
    expect(texts.filter((text) => text === 'RESOLVED: Disk full')).toHaveLength(1);
    expect(texts).toContainEqual(expect.stringMatching(/^CRITICAL: Disk full Ack: reply [2-9A-Z]{4}$/));
  });
});

describe('an acknowledged problem', () => {
  it('cancels held-back messages immediately, records the acknowledging person, and is not undone by a repeat', async () => {
    await Promise.all([1, 2].map((n) => raise({ to: CAPPED, text: `fills the cap ${n}` }).then(settled)));
    const id = await raise({ to: CAPPED, text: 'Too much', dedupKey: 'much' });
    await when(id, ({ messages }) => messages[0]?.state === 'deferred');
    expect(await acknowledge(id)).toEqual({ id, status: 'acknowledged', cancelled: 1 });
    const alert = await settled(id);
    expect(alert.messages).toMatchObject([{ state: 'cancelled', reason: 'acknowledged' }]);
    expect(alert.events.at(-1)).toMatchObject({ stage: 'acknowledge', verdict: 'acknowledged', detail: 'http by alice' });
    expect(await acknowledge(id)).toEqual({ id, status: 'already_acknowledged', cancelled: 0 });
    const again = await settled(await raise({ to: CAPPED, text: 'Too much', dedupKey: 'much' }));
    expect(again).toMatchObject({ outcome: 'suppressed', reason: 'duplicate' });
  });

  it('does not change a sent message, and its resolve is sent nevertheless', async () => {
    const id = await raise({ to: ACKNOWLEDGED, text: 'Fan stopped', dedupKey: 'fan' });
    await when(id, ({ messages }) => messages[0]?.state === 'delivered');
    expect(await acknowledge(id)).toEqual({ id, status: 'acknowledged', cancelled: 0 });
    await call(`${url}/v1/alerts/resolve`, { body: { dedupKey: 'fan' } });
    await when(id, ({ messages }) => messages.map(({ state }) => state).join() === 'delivered,delivered');
    expect(await acknowledge(id)).toMatchObject({ status: 'already_resolved' });
    expect(await outbox('RESOLVED: Fan stopped')).toEqual(['RESOLVED: Fan stopped']);
  });

  it('is unknown where its alert is', async () => {
    expect((await call(`${url}/v1/alerts/nobody/acknowledge`, { method: 'POST' })).status).toBe(404);
  });
});

it('the books balance with all of it', async () => {
  await until(async () => {
    const scrape = await metrics(url);
    const sum = (name: string) => [...scrape].filter(([series]) => series.startsWith(name)).reduce((all, [, value]) => all + value, 0);
    expect(sum('sms_messages_total')).toBe(sum('sms_message_outcomes_total') + sum('sms_messages_in_flight'));
    expect(sum('sms_alerts_total')).toBe(sum('sms_alert_outcomes_total'));
    expect(sum('sms_acknowledgements_total{by="http"}')).toBe(2);
    expect(sum('sms_messages_in_flight')).toBe(0);
    expect(sum('sms_message_outcomes_total{state="cancelled",reason="acknowledged"')).toBe(1);
    expect(sum('sms_messages_total{severity="info"}')).toBe(2);
    return true;
  });
});
