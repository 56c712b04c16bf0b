import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { createLogger } from '../../src/logger.ts';
import { MESSAGE_QUEUE, NOTICE_QUEUE } from '../../src/queue/names.ts';
import { openQueue } from '../queue/support/queue-bench.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';
import { testRedis } from '../support/redis.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, metrics, post, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type Hit, type HttpVendor, type Reply, startHttpVendor } from '../support/vendors/http-vendor.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();
const PHONE = '+60129991234';
const EMAIL = 'alice.secret@example.com';

const said: Hit[] = [];
let chatSays: Reply = { status: 200, body: 'ok' };
let chat: HttpVendor;
let mail: MailServer;

beforeAll(async () => {
  [chat, mail] = await Promise.all([
    startHttpVendor((hit) => {
      said.push(hit);
      return chatSays;
    }),
    startMailServer(),
  ]);
});
afterAll(() => Promise.all([chat.close(), mail.close()]));
beforeEach(() => {
  said.splice(0);
  mail.mails.splice(0);
  chatSays = { status: 200, body: 'ok' };
});

interface RunOptions {
  readonly at?: string;
  /** Of the ladder's second and third step. */
  readonly mailAfter?: string;
  readonly smsAfter?: string;
}

/** The whole system in this process on the shipped example, its time made short where a test wants it so. */
async function run({ at = redisUrl, mailAfter = '10m', smsAfter = '20m' }: RunOptions = {}) {
  const shipped = await readFile('config/policy.example.yaml', 'utf8');
  const timed = shipped.replace('after: 10m', `after: ${mailAfter}`).replace('after: 20m', `after: ${smsAfter}`);
  const path = await writeConfig(`${timed}\nredis: { prefix: "${prefix}" }\nhttp: { port: 0 }\nshutdown: { grace: 1s }\n`);
  const env = {
    CHAT_URL: `${chat.url}/services/CHAT-SECRET`,
    SMTP_URL: mail.url.replace('smtp://', 'smtp://MAIL-SECRET:MAIL-SECRET@'),
    MAIL_FROM: 'alerts@example.com',
    ONCALL_PHONE: PHONE,
    ONCALL_EMAIL: EMAIL,
  };
  const log: string[] = [];
  const logger = createLogger('trace', { write: (line) => void log.push(line) });
  const app = createAll({ config: loadConfig({ path, env }).config, redisUrl: at, logger });
  const { httpPort } = await app.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${httpPort}`, log, stop };
}

let raised = 0;
const alert = (over: object) => ({ to: 'group:oncall', text: `text ${++raised}`, dedupKey: `disk-${raised}`, ...over });

/** Where a text turned up. */
async function placesOf(url: string, text: string): Promise<string[]> {
  const outbox = await call<{ messages: { text: string }[] }>(`${url}/v1/simulated/outbox`);
  return [
    ...(said.some(({ body }) => body.includes(`${text}\\n`)) ? ['chat'] : []),
    ...(mail.mails.some(({ source }) => source.includes(`${text}\r\n`)) ? ['mail'] : []),
    ...(outbox.body.messages.some((sms) => sms.text.endsWith(text)) ? ['sms'] : []),
  ];
}

const ON_THE_WAY = ['queued', 'deferred', 'sending'];

/** Once all its texts and so many of its notices have ended. */
async function ended(url: string, id: string, notices: number): Promise<AlertHistory> {
  return until(async () => {
    const found = await trace(url, id);
    const done = found.events.filter(({ stage, verdict }) => stage === 'escalation' && verdict !== 'planned').length;
    const open = found.messages.filter(({ state }) => ON_THE_WAY.includes(state)).length;
    if (found.outcome === 'pending' || done < notices || open > 0) throw new Error(JSON.stringify(found));
    return found;
  });
}

const endsOf = ({ events }: AlertHistory) =>
  events.flatMap(({ stage, verdict, reason, detail }) =>
    stage === 'escalation' ? [[verdict, reason, detail].filter(Boolean).join(' ')] : [],
  );

describe('the written policy', () => {
  it('reaches exactly the channels of each severity, logs each alert once, and gives nothing away', async () => {
    const { url, log } = await run();
    const given = [
      ['info', 1, ['chat']],
      ['warning', 1, ['chat']],
      ['error', 2, ['chat', 'mail']],
      ['critical', 2, ['chat', 'mail', 'sms']],
    ] as const;
    const alerts = given.map(([severity]) => alert({ severity }));
    const code = alert({ severity: 'info', purpose: 'verification', text: 'code 7Q1Z' });
    const ids = await post(url, [...alerts, code]);
    for (const [n, [, notices]] of given.entries()) await ended(url, ids[n] as string, notices);
    await ended(url, ids[4] as string, 0);

    for (const [n, [, , places]] of given.entries()) expect(await placesOf(url, alerts[n]?.text as string)).toEqual(places);
    expect(await placesOf(url, 'code 7Q1Z')).toEqual(['sms']);
    expect(said).toHaveLength(4);
    expect(mail.mails.map(({ to }) => to)).toEqual([[EMAIL], [EMAIL]]);
    expect(endsOf(await trace(url, ids[3] as string))).toEqual([
      'planned immediately: ops-chat, ops-mail, sms',
      ...['accepted slack ops-chat', 'accepted email ops-mail'].map((end) => expect.stringContaining(end.split(' ')[1] as string)),
    ]);

    const scraped = await metrics(url);
    expect(scraped.get('sms_notices_total{channel="ops-chat",result="accepted"}')).toBe(4);
    expect(scraped.get('sms_notices_total{channel="ops-mail",result="accepted"}')).toBe(2);
    expect(scraped.get('sms_notices_total{channel="ops-mail",result="failed"}')).toBe(0);

    const lines = log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'alert');
    expect(lines).toHaveLength(4);
    expect(lines.find(({ alertId }) => alertId === ids[3])).toMatchObject({
      level: 'info',
      severity: 'critical',
      route: 'critical',
      steps: ['immediately: ops-chat, ops-mail, sms'],
    });
    expect(log.join('')).not.toMatch(/SECRET|alice\.secret|text \d|7Q1Z|9991234/);
  });

  it('a channel that is gone for good fails once, in the trace, in the books, and among the dead', async () => {
    const { url, log } = await run();
    chatSays = { status: 404, body: 'no_service' };
    const [id = ''] = await post(url, [alert({ severity: 'info' })]);
    expect(endsOf(await ended(url, id, 1)).at(-1)).toBe('failed slack ops-chat, http_404:no_service');
    const scraped = await until(async () => {
      const now = await metrics(url);
      return now.get('sms_queue_jobs{queue="sms-notices",state="failed"}') === 1 ? now : undefined;
    });
    expect(scraped.get('sms_notices_total{channel="ops-chat",result="failed"}')).toBe(1);
    expect(log.find((line) => line.includes('notification failed permanently'))).toContain('"code":"http_404:no_service"');
    expect(log.join('')).not.toMatch(/SECRET/);
  });
});

describe('the ladder', () => {
  const patient = () => alert({ severity: 'critical', labels: { urgency: 'patient' } });

  it('notifies chat, then mail, then phones, each at its time, while it is not acknowledged', async () => {
    const { url } = await run({ mailAfter: '300ms', smsAfter: '600ms' });
    const given = patient();
    const [id = ''] = await post(url, [given]);
    const waiting = await until(async () => {
      const found = await trace(url, id);
      return found.messages[0]?.state === 'deferred' ? found : undefined;
    });
    expect(waiting.messages[0]).toMatchObject({ reason: 'escalation' });

    const done = await ended(url, id, 2);
    const receivedAt = Date.parse(done.receivedAt);
    const [message] = done.messages;
    const times = [said[0]?.at.getTime(), mail.mails[0]?.at.getTime(), Date.parse(message?.attempts[0]?.startedAt ?? '')].map(
      (at) => (at ?? Number.NaN) - receivedAt,
    );
    expect(times[1]).toBeGreaterThan(times[0] as number);
    expect(times[1]).toBeGreaterThanOrEqual(300);
    expect(times[2]).toBeGreaterThanOrEqual(600);
    expect(Date.parse(message?.expiresAt ?? '') - receivedAt).toBe(3_600_600);
    expect([said.length, mail.mails.length, done.messages.length]).toEqual([1, 1, 1]);
  });

  it('ends where it is when it is resolved, and cancels the waiting message immediately', async () => {
    const { queue } = openQueue(redisUrl, prefix, NOTICE_QUEUE);
    const { url } = await run();
    const given = patient();
    const [id = ''] = await post(url, [given]);
    await until(() => said.length === 1);
    const [waiting] = await until(async () => {
      const delayed = await queue.getDelayed();
      return delayed.length === 1 ? delayed : undefined;
    });
    await waiting?.promote();
    await until(async () => (await queue.getDelayedCount()) === 1);
    expect(mail.mails).toEqual([]);

    await post(url, [{ ...given, status: 'resolved' }]);
    await until(async () => (await trace(url, id)).messages[0]?.state === 'cancelled');
    // Its time has come, as it were.
    await waiting?.promote();
    const done = await ended(url, id, 2);
    expect(endsOf(done)).toEqual([
      'planned immediately: ops-chat; after 10m: ops-mail; after 20m: sms',
      'accepted slack ops-chat',
      'cancelled resolved email ops-mail',
    ]);
    expect(done.messages).toMatchObject([{ state: 'cancelled', reason: 'resolved', attempts: [] }]);
    expect(await placesOf(url, given.text)).toEqual(['chat']);
    expect((await metrics(url)).get('sms_notices_total{channel="ops-mail",result="cancelled"}')).toBe(1);
  });

  it('stands at 0, 10 and 20 minutes also when all of us and Redis were away in between, and what was resolved stays so', async () => {
    const redis = await startRedisServer();
    onTestFinished(redis.stop);
    const restart = async () => {
      await redis.kill();
      await redis.restart();
    };
    const before = await run({ at: redis.url });
    const [goesOn, isOver] = [patient(), patient()];
    const [id = '', over = ''] = await post(before.url, [goesOn, isOver]);
    await until(() => said.length === 2);
    await post(before.url, [{ ...isOver, status: 'resolved' }]);
    await until(async () => (await trace(before.url, over)).messages[0]?.state === 'cancelled');
    await before.stop();

    await restart();
    await passTime(redis.url, 10);
    const at10 = await run({ at: redis.url });
    expect(endsOf(await ended(at10.url, over, 2)).at(-1)).toBe('cancelled resolved email ops-mail');
    await until(() => mail.mails.length === 1);
    await until(async () => (await trace(at10.url, id)).events.at(-1)?.detail === 'email ops-mail');
    expect((await trace(at10.url, id)).messages).toMatchObject([{ state: 'deferred', reason: 'escalation' }]);
    expect(await placesOf(at10.url, goesOn.text)).toEqual(['chat', 'mail']);
    await at10.stop();

    await restart();
    await passTime(redis.url, 10);
    const { url } = await run({ at: redis.url });
    await ended(url, id, 2);
    expect(await placesOf(url, goesOn.text)).toEqual(['chat', 'mail', 'sms']);
    expect(await placesOf(url, isOver.text)).toEqual(['chat']);
    expect([said.length, mail.mails.length]).toEqual([2, 1]);
  });
});

/** Brings everything that waits for its step nearer by so many minutes, as if they had passed. */
async function passTime(at: string, minutes: number): Promise<void> {
  for (const [name, field] of [
    [NOTICE_QUEUE, 'dueAt'],
    [MESSAGE_QUEUE, 'notBefore'],
  ] as const) {
    const { queue } = openQueue(at, prefix, name);
    for (const job of await queue.getDelayed()) {
      const data = { ...job.data, [field]: job.data[field] - minutes * 60_000 };
      await job.updateData(data);
      await job.changeDelay(Math.max(0, data[field] - Date.now()));
    }
  }
}
