import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { createAll } from '../../src/app.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createHistories } from '../../src/ledger/history/redis-histories.ts';
import { createLogger } from '../../src/logger.ts';
import { createDeadLetters } from '../../src/queue/dead-letters/dead-letters.ts';
import { ALERT_QUEUE } from '../../src/queue/names.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { testRedis } from '../support/redis.ts';
import { metrics, post, runToEnd, settled, total, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';
import { rest } from './rest.ts';

const { url: redisUrl, prefix } = testRedis();
const account = { accountSid: `AC${'d'.repeat(32)}`, authToken: 'the-token-of-the-dead' };

test('failed messages are listed, shown, replayed with their history, delivered once the cause is fixed, or discarded', {
  timeout: 240_000,
}, async () => {
  const twilio = await startFakeTwilio(account);
  const yaml = `
providers:
  desk: { type: simulated }
  main: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${twilio.url}" }
routes:
  - { name: mended, match: { source: billing }, providers: [main] }
  - { name: default, overflow: defer, providers: [desk] }
caps: { perRecipient: [{ max: 1, per: 1h }] }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`;
  const { config } = loadConfig({ path: await writeConfig(yaml), env: {} });
  const app = createAll({ config, redisUrl, logger: createLogger('silent') });
  const url = `http://127.0.0.1:${(await app.start()).httpPort}`;
  const said: string[] = [];

  /** As typed; `--json` is read. */
  const type = async (...argv: string[]): Promise<{ code: number; out: string; json: unknown }> => {
    let out = '';
    const output = { write: (text: string) => (out += text) };
    const refuse = () => Promise.reject(new Error('not needed here'));
    const code = await runCli(argv, {
      loadConfig: async () => ({ config, path: 'config.yaml', hash: '0123456789ab', warnings: [] }),
      openHistories: async () => {
        const redis = new Redis(redisUrl);
        return {
          ...createHistories(redis, createKeys(prefix)),
          waiting: async () => undefined,
          recentIds: async () => [],
          close: async () => redis.disconnect(),
        };
      },
      openDeadLetters: async () => createDeadLetters({ redis: redisUrl, prefix, clock: systemClock }),
      readableConfig: () => ({ config, redisIsKnown: true }),
      openEpisodes: refuse,
      openProducer: refuse,
      openUnknownResolver: refuse,
      openInboundLog: refuse,
      openOptOuts: refuse,
      openBudgets: refuse,
      openOverview: refuse,
      inspectRedis: refuse,
      askProcess: refuse,
      openProvider: refuse,
      redisAddress: () => 'here',
      runProcess: refuse,
      stdout: output,
      stderr: { write: (text: string) => said.push(text) },
      now: () => new Date(),
      version: '0',
      env: {},
      nodeVersion: process.versions.node,
    });
    said.push(out);
    return { code, out, json: argv.includes('--json') ? JSON.parse(out) : undefined };
  };

  const booksBalance = async () => {
    await rest(url);
    const scrape = [await metrics(url)];
    expect(total(scrape, 'sms_messages_in_flight')).toBe(0);
    expect(total(scrape, 'sms_message_outcomes_total')).toBe(total(scrape, 'sms_messages_total'));
    expect(total(scrape, 'sms_alert_outcomes_total')).toBe(total(scrape, 'sms_alerts_total'));
  };

  try {
    twilio.respondWith(() => twilioError(400, 21619, 'A body is required'));
    const [bad = '', mended = ''] = await post(url, [
      { id: 'bad-number', to: '+60123450006', severity: 'critical', text: 'call +60111111111' },
      { id: 'bad-template', to: '+60123456789', severity: 'critical', source: 'billing', text: 'not approved yet' },
    ]);
    const [invalid] = (await settled(url, bad, ['failed'])).messages;
    const [refused] = (await settled(url, mended, ['failed'])).messages;
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
    const raw = new Queue(ALERT_QUEUE, { connection, prefix });
    await raw.add('alert', { id: 'loud', to: '+60123456789', severity: 'loud', text: 'x' });
    await until(async () => (await raw.getFailedCount()) === 1);
    await raw.close();
    connection.disconnect();
    await rest(url);

    const listed = await runToEnd({ config: yaml, redisUrl, args: ['dead', 'list', '--json'] });
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.output.slice(0, listed.output.lastIndexOf('}') + 1))).toMatchObject({ total: 3 });
    const messages = [
      { id: invalid?.id, what: 'message', to: '+60*******006', reason: 'recipient', code: '0006', alertId: bad },
      { id: refused?.id, what: 'message', to: '+60*******789', reason: 'content', code: '21619', alertId: mended },
    ];
    const { dead: found } = (await type('dead', 'list', '--json')).json as { dead: object[] };
    expect(found[0]).toMatchObject({ id: 'loud', what: 'alert', reason: 'malformed' });
    expect(found.slice(1)).toEqual(expect.arrayContaining(messages.map((one) => expect.objectContaining(one))));
    expect((await type('dead', 'show', bad)).out).toMatch(
      /^Not texted: .*\(recipient, code 0006 from desk\)[\s\S]*text +CRITICAL: call \+60\*{7}111/,
    );
    await booksBalance();

    // Its cause stands: it fails once more, and its story grows.
    expect((await type('dead', 'replay', bad)).out).toContain(`${invalid?.id}  queued again, valid until`);
    const twice = await until(async () => {
      const [message] = (await trace(url, bad)).messages;
      return message?.attempts.length === 2 && message.state === 'failed' ? message : undefined;
    });
    expect(twice.id).toBe(invalid?.id);
    expect(twice.events.map(({ verdict }) => verdict)).toEqual([
      ...(invalid?.events ?? []).map(({ verdict }) => verdict),
      'replayed',
      ...AGAIN,
    ]);
    await booksBalance();

    // The cause is mended: only what died of it is replayed, and its slot in the cap is free.
    twilio.respondWith(() => undefined);
    expect((await type('dead', 'replay', '--all', '--reason', 'content', '--json')).json).toMatchObject({ replayed: 1, refused: 0 });
    const [sent] = (await settled(url, mended, ['accepted'])).messages;
    expect(sent).toMatchObject({ id: refused?.id, attempts: [{ result: 'refused' }, { result: 'accepted' }] });
    expect(twilio.requests).toHaveLength(2);
    await booksBalance();

    expect(await type('dead', 'replay', 'loud')).toMatchObject({ code: 0, out: 'loud  queued again\n' });
    await until(async () => (await trace(url, 'loud')).events[0]?.verdict === 'replayed');
    await booksBalance();
    expect(await type('dead', 'discard', 'loud', bad)).toMatchObject({ code: 0 });
    expect((await type('dead', 'list', '--json')).json).toEqual({ total: 0, more: false, dead: [] });
    expect((await trace(url, bad)).messages[0]).toMatchObject({ state: 'failed', events: expect.arrayContaining([DISCARDED]) });
    expect(await type('dead', 'show', bad)).toMatchObject({ code: 1 });
    expect(said.join('')).not.toMatch(/60?1234(50006|56789)|111111111/);
  } finally {
    await app.stop();
    await twilio.close();
  }
});

/** What a replayed message notes on its way to the same end. */
const AGAIN = ['pass', 'pass', 'pass', 'failed'];
const DISCARDED = expect.objectContaining({ stage: 'operator', verdict: 'discarded' });
