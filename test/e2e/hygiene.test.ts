import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type App, type AppDeps, createDispatcher, createReceiver, createRouter } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/logger.ts';
import { MESSAGE_QUEUE } from '../../src/queue/names.ts';
import { openQueue } from '../queue/support/queue-bench.ts';
import { testRedis } from '../support/redis.ts';
import { call, type LaunchOptions, launch, post, settled, trace } from '../support/system.ts';
import { until } from '../support/until.ts';
import { type FakeTwilio, startFakeTwilio } from '../support/vendors/twilio.ts';
import { writeConfig } from '../support/write-config.ts';

const account = { accountSid: `AC${'d'.repeat(32)}`, authToken: 'the-token-of-the-hygiene-test' };
const { url: redisUrl, prefix, redis } = testRedis();

let first: FakeTwilio;
let second: FakeTwilio;
let options: LaunchOptions;
/** Of the receiver. It and the router run for as long as the file; each test has dispatchers of its own. */
let door: { readonly url: string };

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

beforeAll(async () => {
  [first, second] = await Promise.all([startFakeTwilio(account), startFakeTwilio(account)]);
  const twilio = `type: twilio, accountSid: ${account.accountSid}, authToken: ${account.authToken}, from: "+15005550006"`;
  options = {
    redisUrl,
    config: `
providers:
  first: { ${twilio}, baseUrl: "${first.url}" }
  second: { ${twilio}, baseUrl: "${second.url}" }
routes: [{ name: default, minSeverity: info, dedupeFor: 0, providers: [first, second] }]
caps: { perRecipient: [], perHour: off }
redis: { prefix: "${prefix}" }
worker: { lock: 1s }
shutdown: { grace: 1s }
http: { port: 0 }
`,
  };
  const [receiver, router] = await Promise.all([runApp(createReceiver), runApp(createRouter)]);
  door = { url: `http://127.0.0.1:${receiver.httpPort}` };
  ends.push(first.close, second.close, receiver.stop, router.stop);
});

/** What a process of its own would do, without the time that one takes to start. */
async function runApp(create: (deps: AppDeps) => App, { lock = '1s', grace = '1s', logger = createLogger('silent') } = {}) {
  const path = await writeConfig(options.config.replace('lock: 1s', `lock: ${lock}`).replace('grace: 1s', `grace: ${grace}`));
  const app = create({ config: loadConfig({ path, env: {} }).config, redisUrl, logger });
  const { httpPort } = await app.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  return { httpPort, stop };
}

async function heir(): Promise<void> {
  const { stop } = await runApp(createDispatcher);
  onTestFinished(stop);
}

beforeEach(() => {
  for (const vendor of [first, second]) {
    vendor.requests.splice(0);
    vendor.respondWith(() => undefined);
  }
});

const dispatcherProcess = () => launch({ ...options, kind: 'dispatcher' });
type Fleet = Awaited<ReturnType<typeof runApp>>;
const accept: () => undefined = () => undefined;
let numbers = 0;
const alerts = (count: number) =>
  Array.from({ length: count }, () => ({ to: `+6012${String(3_000_000 + ++numbers)}`, severity: 'critical', text: `text ${numbers}` }));
/** The number of each text that a vendor was asked to send; it is also asked what became of some. */
const phones = ({ requests }: FakeTwilio) => requests.flatMap(({ method, form }) => (method === 'POST' ? [String(form.To)] : []));
const messageOf = async (alertId: string) => (await trace(door.url, alertId)).messages[0];

describe('a job lock that is lost in the middle of a run', () => {
  it('ends that run before its next attempt; the next worker waits for the lease and then continues', async () => {
    const { queue, key } = openQueue(redisUrl, prefix, MESSAGE_QUEUE);
    const log: string[] = [];
    const logger = createLogger('info', { write: (line) => void log.push(line) });
    for (const { stop } of await Promise.all([1, 2].map(() => runApp(createDispatcher, { logger })))) onTestFinished(stop);
    let answer: () => void = () => undefined;
    const throttled = {
      status: 429,
      headers: { 'content-type': 'application/json' },
      body: '{"code":20429,"message":"Too Many Requests","status":429}',
    };
    first.respondWith(() => new Promise((resolve) => (answer = () => resolve(throttled))));
    const [id = ''] = await post(door.url, alerts(1));
    await until(() => phones(first).length === 1);
    const messageId = (await messageOf(id))?.id ?? '';

    await redis.del(key(`${messageId}:lock`));
    await until(() => log.some((line) => line.includes('recovered a stalled job')));
    const waiting = await settled(door.url, id, ['deferred']);
    expect(waiting.messages[0]).toMatchObject({ reason: 'unknown_outcome', attempts: [{ provider: 'first' }] });
    await until(async () => (await queue.getJobState(messageId)) === 'delayed');
    await until(() => log.some((line) => line.includes('aborting this run')));

    answer();
    await until(async () => (await messageOf(id))?.attempts[0]?.result === 'refused');
    first.respondWith(accept);
    const heirsAt = new Date().toISOString();
    await (await queue.getJob(messageId))?.promote();
    const done = await settled(door.url, id, ['accepted']);
    expect(done.messages[0]?.attempts).toMatchObject([
      { provider: 'first', result: 'refused', reason: 'throttled' },
      { result: 'accepted' },
    ]);
    expect(done.messages[0]?.attempts[1]?.startedAt.localeCompare(heirsAt)).toBeGreaterThanOrEqual(0);
    expect(phones(first).length + phones(second).length).toBe(2);
  }, 240_000);
});

describe('a message over which worker after worker died', () => {
  /** A message that waits for a dispatcher, as so many dead ones left it. */
  async function left(): Promise<{ id: string; messageId: string }> {
    const [id = ''] = await post(door.url, alerts(1));
    const messageId = await until(async () => (await messageOf(id))?.id);
    await redis.hset(`${prefix}:${MESSAGE_QUEUE}:${messageId}`, 'stc', '11');
    return { id, messageId };
  }

  it('is failed when surely nothing of it was sent, and unknown when it may have been, and its neighbour is texted', async () => {
    const { queue, key } = openQueue(redisUrl, prefix, MESSAGE_QUEUE);
    first.respondWith(() => 'hang');
    const victim = await dispatcherProcess();
    const [begun = ''] = await post(door.url, alerts(1));
    await until(() => phones(first).length === 1);
    victim.kill('SIGKILL');
    await victim.exit();
    first.respondWith(accept);

    const { id, messageId } = await left();
    const begunId = (await messageOf(begun))?.id ?? '';
    await redis.hset(key(begunId), 'stc', '10');
    // Its lease: as if the dead had been gone for long.
    const [ledgerKey = ''] = (await redis.keys(`${prefix}*${begunId}`)).filter((name) => !name.includes(MESSAGE_QUEUE));
    await redis.hset(ledgerKey, 'lease', 0);
    const [neighbour = ''] = await post(door.url, alerts(1));
    await heir();

    await settled(door.url, neighbour, ['accepted']);
    const failed = await settled(door.url, id, ['failed']);
    expect(failed.messages[0]).toMatchObject({ reason: 'malformed', attempts: [] });
    expect(failed.messages[0]?.events.at(-1)).toMatchObject({ stage: 'poison-gate', detail: 'several workers crashed on it' });
    await until(async () => (await queue.getJobState(messageId)) === 'failed');
    expect((await queue.getJob(messageId))?.failedReason).toBe('poison: 11 workers crashed while running it');
    const unknown = await settled(door.url, begun, ['unknown']);
    expect(unknown.messages[0]?.attempts).toMatchObject([{ provider: 'first', result: 'unknown' }]);
    expect([phones(first).length, phones(second).length]).toEqual([2, 0]);
  }, 240_000);
});

describe('a dispatcher that is stopped with fifty unanswered calls in flight', () => {
  it('is not ready immediately, waits for its grace period, records each call as unknown, and exits 0', async () => {
    first.respondWith(() => 'hang');
    const victim = await dispatcherProcess();
    const ids = await post(door.url, alerts(60));
    await until(() => phones(first).length === 50);

    victim.kill('SIGTERM');
    // It still answers, so that its calls are in flight.
    await until(async () => (await call(`${victim.url}/readyz`)).status === 503);
    expect(await victim.exit()).toBe(0);
    const asked = new Set(phones(first));
    expect(asked.size).toBe(50);
    expect(phones(first)).toHaveLength(50);

    first.respondWith(accept);
    await heir();
    // A busy machine may leave one to be taken over, which takes a lock and two looks.
    const done = await Promise.all(ids.map((id) => settled(door.url, id, ['accepted'], 60_000)));
    const attempts = done.map(({ messages }) => messages[0]?.attempts.map(({ result }) => result).join(' '));
    expect(attempts.filter((results) => results === 'unknown accepted')).toHaveLength(50);
    // A request that surely sent nothing may precede it.
    expect(attempts.filter((results) => /^(?:refused )*accepted$/.test(results ?? ''))).toHaveLength(10);
    expect(phones(first).length + phones(second).length).toBe(110);
  }, 480_000);
});

describe('four dispatchers, restarted one after the other under 200 texts a second', () => {
  it('lose none, send none twice, and keep none waiting for long', async () => {
    const TEXTS = 1_000;
    const postedAt = new Map<string, number>();
    const waits: number[] = [];
    first.respondWith(async ({ form }) => {
      waits.push(performance.now() - (postedAt.get(String(form.To)) ?? Number.NaN));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return undefined;
    });
    const log: string[] = [];
    const logger = createLogger('info', { write: (line) => void log.push(line) });
    const start = () => runApp(createDispatcher, { lock: '30s', grace: '25s', logger });
    let fleet = await Promise.all([1, 2, 3, 4].map(start));
    onTestFinished(async () => void (await Promise.all(fleet.map(({ stop }) => stop()))));

    const texts = alerts(TEXTS);
    const ids: string[] = [];
    const load = (async () => {
      const begunAt = performance.now();
      for (let from = 0; from < TEXTS; from += 20) {
        await until(() => performance.now() - begunAt >= (from / 200) * 1000, 60_000, 5);
        const batch = texts.slice(from, from + 20);
        for (const { to } of batch) postedAt.set(to, performance.now());
        ids.push(...(await post(door.url, batch)));
      }
    })();
    for (let turn = 0; turn < 4; turn += 1) {
      await until(() => phones(first).length >= (turn + 1) * 200, 20_000);
      const [oldest, ...rest] = fleet as [Fleet, ...Fleet[]];
      await oldest.stop();
      fleet = [...rest, await start()];
    }
    await load;

    await until(() => phones(first).length >= TEXTS, 20_000);
    const { queue } = openQueue(redisUrl, prefix, MESSAGE_QUEUE);
    // A text of an earlier test may still wait for the end of a lease.
    await until(async () =>
      (await queue.getJobs(['wait', 'prioritized', 'active', 'delayed'])).every(({ data }) => !postedAt.has(data.to)),
    );
    const sent = [...phones(first), ...phones(second)];
    expect(sent).toHaveLength(TEXTS);
    expect(new Set(sent).size).toBe(TEXTS);
    waits.sort((a, b) => a - b);
    console.warn(`=== rolling restart: p50 ${Math.round(waits[TEXTS / 2] ?? 0)} ms, p99 ${Math.round(waits[TEXTS * 0.99] ?? 0)} ms ===`);
    // How long a text waits is the machine's affair; none may wait for the lock of a worker that left to run out.
    const takenOver = log.filter((line) => line.includes('recovered a stalled job')).map((line) => String(JSON.parse(line).jobId));
    // A job of an earlier test, whose dispatchers lock for a second only, may be among them.
    const own = takenOver.length === 0 ? [] : await Promise.all(ids.map(async (id) => (await messageOf(id))?.id));
    expect(takenOver.filter((id) => own.includes(id))).toEqual([]);
  }, 240_000);
});

describe('a dispatcher that drains', () => {
  it('exits immediately at a second signal', async () => {
    first.respondWith(() => 'hang');
    const patient = await launch({ ...options, config: options.config.replace('grace: 1s', 'grace: 25s'), kind: 'dispatcher' });
    const [id = ''] = await post(door.url, alerts(1));
    await until(() => phones(first).length === 1);
    patient.kill('SIGTERM');
    await until(() => patient.output().includes('draining'));
    const toldAt = performance.now();
    const again = setInterval(() => patient.kill('SIGTERM'), 100);
    onTestFinished(() => clearInterval(again));
    expect(await patient.exit()).toBe(1);
    // The grace would be 25 s.
    expect(performance.now() - toldAt).toBeLessThan(20_000);
    expect((await messageOf(id))?.attempts).toMatchObject([{ provider: 'first' }]);
  }, 240_000);
});
