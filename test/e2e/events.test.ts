import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type App, createAll } from '../../src/app.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createProducer, type Producer } from '../../src/index.ts';
import { createLogger } from '../../src/logger.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { testRedis } from '../support/redis.ts';
import { metrics } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type Hit, type HttpVendor, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const whsec = () => `whsec_${randomBytes(32).toString('base64')}`;
const [secret, next, other] = [whsec(), whsec(), whsec()];

interface Told {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A receiver that takes only what bears a right signature. */
async function startReceiver(secret: string) {
  const told: Told[] = [];
  const hits: Hit[] = [];
  let answer: (event: Told) => Reply | undefined = () => undefined;
  const verifier = new Webhook(secret);
  const server = await startHttpVendor((hit) => {
    hits.push(hit);
    const headers = Object.fromEntries(Object.entries(hit.headers).map(([name, value]) => [name, String(value)]));
    let event: Told;
    try {
      event = { id: headers['webhook-id'] ?? '', ...(verifier.verify(hit.body, headers) as Omit<Told, 'id'>) };
    } catch (error) {
      return { status: 400, body: String(error) };
    }
    const reply = answer(event) ?? { status: 204, body: '' };
    if (reply !== 'hang' && reply !== 'reset' && reply.status < 300) told.push(event);
    return reply;
  });
  return {
    ...server,
    told,
    hits,
    respondWith: (next: typeof answer) => {
      answer = next;
    },
    /** Types of what was told of an alert, in the order that it came. */
    of: (alertId: string) => told.filter(({ data }) => data.alertId === alertId).map(({ type }) => type.replace('sms.', '')),
  };
}

type Receiver = Awaited<ReturnType<typeof startReceiver>> & HttpVendor;

let erp: Receiver;
let all: Receiver;
let url: string;
let app: App;
let producer: Producer;
const log: string[] = [];
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

const yaml = (more = '') => `
providers: { desk: { type: simulated, timeout: 300ms } }
routes: [{ name: default, minSeverity: error, providers: [desk], onUnknown: hold }]
contacts: { alice: { phone: "+60121110001", consent: true }, bob: { phone: "+60121110002" } }
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
events:
  erp: { url: "${erp.url}/in?key=in-the-address", secret: "${secret},${next}", headers: { Authorization: "Bearer in-the-header" } }
  all: { url: "${all.url}", secret: "${other}", types: [alert.routed, message.deferred, message.accepted, message.delivered] }
${more}`;
const load = async (more?: string) => loadConfig({ path: await writeConfig(yaml(more)), env: {} });

beforeAll(async () => {
  [erp, all] = await Promise.all([startReceiver(secret), startReceiver(other)]);
  const logger = createLogger('info', { write: (line) => void log.push(line) });
  app = createAll({ config: (await load()).config, redisUrl, logger });
  const { httpPort } = await app.start();
  url = `http://127.0.0.1:${httpPort}`;
  producer = createProducer({ redis: redisUrl, prefix });
  ends.push(app.stop, erp.close, all.close, producer.close);
  // What comes before a webhook's first look is not told.
  await until(async () => (await redis.keys(`${prefix}:journal-cursor:*`)).length === 2);
});
beforeEach(() => {
  erp.respondWith(() => undefined);
  all.respondWith(() => undefined);
});

const raise = async (alert: object) => (await producer.enqueue({ severity: 'critical', text: 'Disk full', ...alert } as never)).id;
const counted = async (webhook: string, result: string) =>
  (await metrics(url)).get(`sms_webhook_events_total{webhook="${webhook}",result="${result}"}`);

describe('what became of an alert', () => {
  it.concurrent.each([
    ['delivered', { to: '+60121110001' }, ['message.accepted', 'message.delivered']],
    ['undelivered', { to: '+60121110002' }, ['message.accepted', 'message.undelivered']],
    ['unknown', { to: '+60121110005' }, ['message.unknown']],
    ['failed', { to: '+60121110006' }, ['message.failed']],
    ['below severity', { to: '+60121110001', severity: 'info' }, ['alert.suppressed']],
    ['without consent', { to: 'contact:bob' }, ['message.suppressed']],
  ])('%s is sent, signed', async (what, alert, types) => {
    const id = await raise({ dedupKey: what, ...alert });
    await until(() => erp.of(id).length >= types.length);
    // In order, too, while the webhook answers within a second, which a busy machine may not: `event-lanes.test.ts`.
    expect(erp.of(id).toSorted()).toEqual(types.toSorted());
  });

  it('contains recipient, provider and reason, without a full number, the text or a secret', async () => {
    const id = await raise({ id: 'order-42', to: 'contact:alice', dedupKey: 'order' });
    await until(() => erp.of(id).includes('message.delivered'));
    const delivered = erp.told.find(({ data, type }) => data.alertId === id && type === 'sms.message.delivered');
    expect(delivered).toEqual({
      id: expect.stringMatching(/^e-[\w-]{22}$/),
      type: 'sms.message.delivered',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: {
        alertId: 'order-42',
        messageId: expect.stringMatching(/^m-/),
        state: 'delivered',
        reason: null,
        provider: 'desk',
        providerMessageId: expect.any(String),
        to: '+60*******001',
        contact: 'alice',
        severity: 'critical',
        route: 'default',
        segments: 1,
        dedupKey: 'order',
      },
    });
    const hit = erp.hits.at(-1);
    expect(hit?.path).toBe('/in?key=in-the-address');
    expect(hit?.headers.authorization).toBe('Bearer in-the-header');
    expect(String(hit?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    expect(() => new Webhook(next).verify(hit?.body ?? '', hit?.headers as Record<string, string>)).not.toThrow();
  });

  it('is sent to each webhook by its own types', async () => {
    const id = await raise({ to: ['+60121110001', 'contact:bob'], dedupKey: 'types' });
    await until(() => all.of(id).length === 3 && erp.of(id).length === 3);
    expect(all.of(id).toSorted()).toEqual(['alert.routed', 'message.accepted', 'message.delivered']);
    expect(erp.of(id).toSorted()).toEqual(['message.accepted', 'message.delivered', 'message.suppressed']);
  });

  it('receives an acknowledgement and what it cancels', async () => {
    const id = await raise({ to: '+60121110004', dedupKey: 'ack' });
    await until(() => all.of(id).includes('message.deferred'));
    await producer.acknowledge(id, 'alice');
    await until(() => erp.of(id).length === 2);
    expect(erp.of(id).toSorted()).toEqual(['alert.acknowledged', 'message.cancelled']);
  });
});

describe('a webhook', () => {
  it('that answers 503 receives the event again under the same id after its Retry-After, and it is counted once', async () => {
    const [before = 0, failed] = [await counted('erp', 'accepted'), await counted('erp', 'failed')];
    let refusals = 0;
    erp.respondWith(({ type }) =>
      type === 'sms.message.failed' && refusals++ === 0 ? { status: 503, headers: { 'retry-after': '1' }, body: '' } : undefined,
    );
    const id = await raise({ to: '+60121110006', dedupKey: '503' });
    await until(() => erp.of(id).length === 1);
    const ids = erp.hits.slice(-2).map(({ headers }) => [headers['webhook-id'], headers['webhook-timestamp']]);
    expect(ids[0]?.[0]).toBe(ids[1]?.[0]);
    expect(Number(ids[1]?.[1])).toBeGreaterThan(Number(ids[0]?.[1]));
    await until(async () => (await counted('erp', 'accepted')) === before + 1);
    expect(await counted('erp', 'failed')).toBe(failed);
    expect(log.filter((line) => line.includes('webhook rejected an event; retrying')).at(-1)).toMatch(
      /"webhook":"erp","code":"http_503","tries":1/,
    );
  });

  it('unknown; it does not answer holds up neither another one nor a text', async () => {
    all.respondWith(() => 'hang');
    const ids = await Promise.all(Array.from({ length: 15 }, (_, n) => raise({ to: '+60121110001', dedupKey: `hang-${n}` })));
    await until(() => all.hits.length >= 10 && ids.every((id) => erp.of(id).includes('message.delivered')), 8_000);
    expect(ids.every((id) => erp.of(id).join() === 'message.accepted,message.delivered')).toBe(true);
    all.respondWith(() => undefined);
  });

  it('that is gone receives no further try of an event, which is a dead letter until it is replayed', async () => {
    erp.respondWith(() => ({ status: 410, body: '' }));
    const id = await raise({ to: '+60121110006', dedupKey: '410' });
    const dead = createDeadLetters({ redis: redisUrl, prefix, clock: systemClock });
    ends.push(dead.close);
    const letter = await until(async () => (await dead.list(10)).letters.find(({ what }) => what === 'event'));
    expect(letter).toMatchObject({
      what: 'event',
      alertId: id,
      to: '+60*******006',
      code: 'http_410',
      detail: 'erp was not notified: http_410',
      stored: { webhook: 'erp', event: 'sms.message.failed', tries: '1' },
    });
    expect((await dead.find([letter.id])).map(({ id }) => id)).toEqual([letter.id]);
    expect(await counted('erp', 'failed')).toBe(1);
    const job = JSON.stringify(await redis.hgetall(`${prefix}:sms-events:${letter.id}`));
    for (const said of [job, JSON.stringify(letter), log.join('')]) {
      for (const hidden of [secret, next, other, 'in-the-address', 'in-the-header', '121110006']) expect(said).not.toContain(hidden);
    }
    erp.respondWith(() => undefined);
    expect(await dead.replay(letter)).toMatchObject({ kind: 'replayed' });
    await until(() => erp.told.some((event) => event.id === letter.id));
  });

  it('begins, ends and changes its secret with the config, without a restart', async () => {
    const late = await startReceiver(next);
    ends.push(late.close);
    const more = `  late: { url: "${late.url}", secret: ["${next}"], types: [message.failed] }`;
    const added = await load(more);
    expect(await app.reload(() => added)).toBe(true);
    await until(async () => (await redis.keys(`${prefix}:journal-cursor:late`)).length === 1);
    const id = await raise({ to: '+60121110006', dedupKey: 'late' });
    await until(() => late.of(id).length === 1 && erp.of(id).length === 1);
    expect(late.told.map(({ data }) => data.alertId)).toEqual([id]);

    const bare = await load();
    expect(await app.reload(() => bare)).toBe(true);
    const later = await raise({ to: '+60121110006', dedupKey: 'later' });
    await until(() => erp.of(later).length === 1);
    expect(late.of(later)).toEqual([]);
  });
});

describe('waitFor', () => {
  it('returns the history once all messages of the alert have ended, to many concurrent callers, also before it is raised', async () => {
    const ids = Array.from({ length: 30 }, (_, n) => `wait-${n}`);
    const waiting = Promise.all(ids.map((id) => producer.waitFor(id, { timeoutMs: 15_000 })));
    const raised = Promise.all(ids.map((id) => raise({ id, to: ['+60121110001', '+60121110006'], dedupKey: id })));
    const [histories] = await Promise.all([waiting, raised]);
    expect(histories.map(({ id }) => id)).toEqual(ids);
    const ends = histories.flatMap(({ messages }) => messages.map(({ state }) => state));
    expect(ends.filter((state) => ['accepted', 'delivered', 'failed'].includes(state))).toHaveLength(60);
  });
});
