import { expect, test, vi } from 'vitest';
import { createAll } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { MessageHistory } from '../../src/ledger/history/history.ts';
import { createLogger } from '../../src/logger.ts';
import { testRedis } from '../support/redis.ts';
import { call, metrics, post, total, trace } from '../support/system.ts';
import { createTyping } from '../support/type-command.ts';
import { until } from '../support/until.ts';
import { startFakeTwilio, twilioError } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const { url: redisUrl, prefix } = testRedis();
const account = { accountSid: `AC${'7'.repeat(32)}`, authToken: 'the-token-that-is-revoked' };
const MINUTE_MS = 60_000;

/** Redis' time as the processes see it runs so far ahead of the real one; timers, sockets and Redis itself go on as they are. */
const ahead = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../../src/redis/clock/clock-sample.ts', async (original) => {
  const real = await original<typeof import('../../src/redis/clock/clock-sample.ts')>();
  return { ...real, redisTimeAt: (...args: Parameters<typeof real.redisTimeAt>) => real.redisTimeAt(...args) + ahead.ms };
});

interface Listed {
  readonly dead: readonly { readonly alertId: string; readonly state: string; readonly reason: string; readonly code: string | null }[];
}
interface Replayed {
  readonly replayed: number;
  readonly skipped: number;
  readonly refused: number;
}

test('a token revoked for two hours: the criticals that expired are listed with auth, and one command sends those still worth sending, each once', {
  timeout: 480_000,
}, async () => {
  const pass = (minutes: number) => {
    ahead.ms += minutes * MINUTE_MS;
  };
  const twilio = await startFakeTwilio(account);
  const yaml = `
providers:
  main: { type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006", baseUrl: "${twilio.url}" }
routes: [{ name: default, providers: [main] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
http: { port: 0 }
`;
  const loaded = loadConfig({ path: await writeConfig(yaml), env: {} });
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
  const app = createAll({ config: loaded.config, redisUrl, logger });
  const url = `http://127.0.0.1:${(await app.start()).httpPort}`;
  const type = createTyping({ redisUrl, loaded, clock: { now: () => new Date(Date.now() + ahead.ms) } });
  const typed = async <T>(...argv: string[]) => JSON.parse((await type(...argv, '--json')).stdout) as T;
  const stateOf = async (id: string) => (await trace(url, id)).messages[0]?.state;
  const raise = async (n: number) => {
    const [id = ''] = await post(url, {
      to: `+6012345600${n}`,
      severity: 'critical',
      source: 'db',
      text: `disk ${n}`,
      dedupKey: `disk-${n}`,
    });
    await until(async () => (await stateOf(id)) === 'deferred');
    return id;
  };

  try {
    twilio.respondWith(() => twilioError(401, 20003, 'Authenticate'));
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      ids.push(await raise(n));
      pass(20);
    }
    // Raised at 0, 20, 40, 60 and 80 minutes, and good for an hour each.
    const expired = ids.slice(0, 5);
    const waiting = ids.slice(5);
    await until(async () => (await Promise.all(expired.map(stateOf))).every((state) => state === 'expired'), 30_000);

    const { dead } = await typed<Listed>('dead', 'list', '--reason', 'auth', '--severity', 'critical');
    expect(dead.map(({ alertId }) => alertId).toSorted()).toEqual(expired.toSorted());
    for (const letter of dead) expect(letter).toMatchObject({ state: 'expired', reason: 'auth' });
    const { body } = await call<{ items: MessageHistory[] }>(`${url}/v1/messages?state=expired&severity=critical&reason=auth`);
    expect(body.items.map(({ alertId }) => alertId).toSorted()).toEqual(expired.toSorted());
    const logged = lines.filter((line) => line.includes('"message expired"')).map((line) => JSON.parse(line));
    expect(logged.map(({ alertId }) => alertId).toSorted()).toEqual(expired.toSorted());
    for (const line of logged) expect(line).toMatchObject({ level: 'warn', lastReason: 'auth', route: 'default', source: 'db' });

    // Two of them are over by the time that the token is restored.
    await call(`${url}/v1/alerts/resolve`, { body: { dedupKey: 'disk-0' } });
    await call(`${url}/v1/alerts/${expired[1]}/acknowledge`, { body: { by: 'alice' } });
    twilio.respondWith(() => undefined);
    const before = twilio.requests.length;
    pass(2);
    expect(await typed<Replayed>('dead', 'replay', '--all', '--reason', 'auth')).toMatchObject({ replayed: 3, skipped: 2, refused: 0 });

    const wanted = [...expired.slice(2), ...waiting];
    await until(async () => {
      pass(0.1);
      return (await Promise.all(wanted.map(stateOf))).every((state) => state === 'accepted');
    }, 240_000);
    const texts = twilio.requests.slice(before).map(({ body: sent }) => new URLSearchParams(sent).get('Body'));
    expect(texts.toSorted()).toEqual([2, 3, 4, 5, 6].map((n) => `CRITICAL: disk ${n}`));
    expect(await Promise.all(expired.slice(0, 2).map(stateOf))).toEqual(['expired', 'expired']);

    expect(await typed<Replayed>('dead', 'replay', '--all', '--reason', 'auth')).toMatchObject({ replayed: 0, skipped: 2 });
    expect(twilio.requests).toHaveLength(before + 5);
    const scrape = [await metrics(url)];
    expect(total(scrape, 'sms_messages_in_flight')).toBe(0);
    expect(total(scrape, 'sms_message_outcomes_total')).toBe(total(scrape, 'sms_messages_total'));
    expect(total(scrape, 'sms_message_outcomes_total', 'state="expired"')).toBe(5);
    expect(lines.join('')).not.toMatch(/60?12345600\d/);
  } finally {
    await app.stop();
    await twilio.close();
  }
});
