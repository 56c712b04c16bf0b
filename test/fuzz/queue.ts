import { Redis } from 'ioredis';
import { ALERT_ID_PATTERN } from '../../src/alert/id.ts';
import type { AlertHistory } from '../../src/ledger/history/history.ts';
import { ALERT_QUEUE, QUEUES } from '../../src/queue/names.ts';
import type { Random } from '../chaos/random.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { call, launch, metrics, type SystemProcess, total } from '../support/system.ts';
import { until } from '../support/until.ts';
import { createRecord, type FuzzOptions, type FuzzResult, leaksIn, randomOf, rawWordsIn } from './fuzz.ts';
import { mutateBytes, mutateValue, ODD_TEXTS, PHONE, toJson } from './mutate.ts';

const PREFIX = '{fuzz}';
/** Jobs that are written together. */
const ROUND = 1000;
/** A job whose record cannot be read is looked for every few seconds, one that failed comes back after some. */
const ROUND_DEADLINE_MS = 90_000;
/**
 * Starts of one job after which it goes round instead of coming to an end; a receipt that came early and the end of a problem
 * look again by themselves.
 */
const MOST_STARTS: Readonly<Record<string, number>> = { 'sms-receipts': 250, 'sms-alerts': 40 };
const AT_ONCE = 16;

const CONFIG = `
providers: { desk: { type: simulated } }
routes: [{ name: default, minSeverity: info, overflow: defer, providers: [desk] }]
caps: { perRecipient: off, perHour: off }
channels: { chat: { type: webhook, url: "http://127.0.0.1:1/" } }
events: { crm: { url: "http://127.0.0.1:1/", secret: "whsec_ZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXMhIS4=" } }
redis: { prefix: "${PREFIX}" }
worker: { lock: 5s }
`;

const HASH = 'uX3kTm0aQ9ZxYb1cD2eF4gHi';

/** What our own processes write on each queue. */
function validData(queue: string, input: number): object {
  const now = Date.now();
  const later = now + 60_000;
  const message = `m-f${input}`;
  switch (queue) {
    case 'sms-alerts':
      return input % 7 === 0
        ? { dedupHash: HASH, at: now }
        : { id: `f-${input}`, severity: 'critical', to: [PHONE], text: `text ${input}`, labels: { a: 'b' } };
    case 'sms-messages':
      return {
        ...{
          id: message,
          alertId: `x-${input}`,
          to: PHONE,
          contact: 'alice',
          severity: 'critical',
          purpose: 'alert',
          text: 'x',
          segments: 1,
        },
        ...{
          variables: { instance: 'i', priority: 'p', content: 'c' },
          receivedAt: now,
          expiresAt: later,
          phoneHash: HASH,
          dedupHash: HASH,
        },
        ...{ dedupeForMs: 1, route: 'default', providers: ['desk'], overflow: 'defer', onUnknown: 'resend', simulated: true, source: 's' },
        ...{ quietHours: { from: 0, to: 1, timeZone: 'Asia/Kuala_Lumpur', override: 'critical' }, notBefore: now, ackCode: '123456' },
        ...{ replay: { number: 1, at: now }, maxSegments: 2 },
      };
    case 'sms-receipts':
      return {
        provider: 'desk',
        messageId: message,
        providerMessageId: 'p-1',
        state: 'undelivered',
        code: 'X',
        reason: 'content',
        at: now,
        receivedAt: now,
      };
    case 'sms-inbound':
      return {
        provider: 'desk',
        providerMessageId: `i-${input}`,
        phoneHash: HASH,
        formerHashes: [HASH],
        from: '+60*******432',
        text: '123456',
        receivedAt: now,
      };
    case 'sms-notices':
      return {
        ...{ id: `n-${input}`, alertId: `x-${input}`, dedupHash: HASH, channel: 'chat', severity: 'critical', route: 'default', text: 'x' },
        ...{ labels: { a: 'b' }, receivedAt: now, dueAt: now, expiresAt: later, step: 1, steps: 2, contacts: ['alice'] },
        progress: { remaining: ['a'], refused: [], accepted: 1 },
      };
    case 'sms-events':
      return {
        id: `e-${input}`,
        webhook: 'crm',
        tries: 7,
        body: { type: 'sms.message.failed', timestamp: '2026-11-20T03:00:00Z', data: { messageId: message } },
      };
    default:
      return { messageId: message, to: PHONE, text: 'x' };
  }
}

const NAMES: readonly string[] = [
  ...['alert', 'alert', 'alert', 'alert-again', 'alert-ended', 'message', 'message-again'],
  ...['notice', 'notice-again', 'event', 'receipt', 'lookup', '', 'x'],
];
/** All that BullMQ keeps of a job, and some that it does not. */
const FIELDS = [
  ...['name', 'data', 'opts', 'timestamp', 'delay', 'priority', 'atm', 'ats', 'stc', 'rjk', 'deid', 'parent', 'parentKey', 'progress'],
  ...['returnvalue', 'stacktrace', 'failedReason', 'processedOn', 'finishedOn', 'defa', 'nrjid', 'tm', 'pb', 'attemptsMade', 'x'],
] as const;
const OPTIONS = {
  ...{ attempts: 3, backoff: { type: 'fixed', delay: 1 }, removeOnFail: 5, removeOnComplete: true, delay: -5, priority: 0, lifo: false },
  ...{ repeat: { every: 1000 }, parent: { id: 'x', queue: '{fuzz}:sms-alerts' }, deduplication: { id: 'd' }, timestamp: 1, jobId: 'x' },
  ...{ sizeLimit: 1, kl: 1, tm: '{}', keepLogs: 0, stackTraceLimit: 0, fpof: true, de: { id: 'd', keepLastIfActive: true } },
};
const ODD_FIELD_VALUES = [
  ...['-1', '1e308', '1.5', 'nan', 'inf', '-inf', '0x10', '9223372036854775807', '99999999999999999999', '[]', '{}', 'null', '5', '"x"'],
  ...[
    '{"id":1}',
    '{"id":"x"}',
    '{"queueKey":"q"}',
    '{"id":null,"queueKey":null}',
    '{"id":{},"queueKey":[]}',
    '[1]',
    'true',
    '\u0082\u00a1a',
  ],
  ...['{"id":"x","queueKey":"{fuzz}:sms-alerts","fpof":true}', '{"id":"x","fpof":true}', '{"fpof":true}', '{"cpof":true}', '{"idof":1}'],
  ...['{fuzz}:sms-alerts:x', '{fuzz}:sms-alerts', ':', 'repeat:a:b', 'a:b:c:d:e', 'held', 'next', '['.repeat(2000), '{"a":'.repeat(2000)],
] as const;
const PARENTS = ODD_FIELD_VALUES.filter((value) => /^[[{"n\dt]/.test(value));
/** Ids whose keys BullMQ keeps something else under. */
const TAKEN_IDS = [
  'wait',
  'active',
  'delayed',
  'prioritized',
  'failed',
  'completed',
  'marker',
  'events',
  'pc',
  'stalled',
  '',
  'repeat',
  'de:held',
];

interface Written {
  readonly input: number;
  readonly queue: string;
  readonly id: string;
  /** Under which its outcome is to be found. */
  readonly alertId?: string;
  /** An alert that must be sent, once. */
  readonly isGood?: boolean;
  /** Whether its counter of starts began at zero. */
  readonly countsStarts: boolean;
}

interface Bench {
  readonly redis: Redis;
  readonly system: SystemProcess;
  readonly ended: (how: string) => void;
}

/** Writes raw jobs, as any client of BullMQ or of Redis could, on every queue of a real process. */
export async function fuzzQueue({ count, seed, onProgress, onEnd }: FuzzOptions): Promise<FuzzResult> {
  const server = await startRedisServer();
  onEnd(server.stop);
  const system = await launch({ config: CONFIG, redisUrl: server.url, env: { LOG_LEVEL: 'info' }, onEnd });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  onEnd(async () => redis.disconnect());
  const { ended, breaks, ends, broken } = createRecord();
  const bench = { redis, system, ended };
  await takeKeys(redis);

  for (let from = 0; from < count; from += ROUND) {
    const round: Written[] = [];
    for (let input = from; input < Math.min(count, from + ROUND); input++)
      round.push(...(await write(redis, randomOf(seed, input), input)));
    for (const { input, queue, id, where } of await restless(redis, round))
      breaks(input, `${queue} ${JSON.stringify(id.slice(0, 60))} stays in ${where}`);
    for (let next = 0; next < round.length; next += AT_ONCE) {
      const some = round.slice(next, next + AT_ONCE);
      const complaints = await Promise.all(some.map((written) => judge(bench, written)));
      for (const [index, found] of complaints.entries()) breaks((some[index] as Written).input, ...found);
    }
    onProgress?.(Math.min(count, from + ROUND));
    if (system.child.exitCode !== null || system.child.signalCode !== null) {
      breaks(from, 'the process ended');
      return { tried: from + round.length, ends, broken };
    }
  }
  const ready = await call(`${system.url}/readyz`);
  if (ready.status !== 200) breaks('any', `not ready: ${JSON.stringify(ready.body)}`);
  const scrape = await metrics(system.url);
  ends['alerts counted as malformed'] = total([scrape], 'sms_alert_outcomes_total', 'malformed');
  for (const line of system.output().split('\n')) {
    const leaks = leaksIn(line);
    if (/"stack":|"level":(?:50|60)|it comes back/.test(line)) leaks.push('an error');
    breaks('any', ...leaks.map((leak) => `log: ${leak}: ${line.slice(0, 900)}`));
  }
  return { tried: count, ends, broken };
}

/** What some of the jobs name: a deduplication whose key holds something else, and one whose next job cannot be read. */
async function takeKeys(redis: Redis): Promise<void> {
  for (const queue of QUEUES) {
    await redis.rpush(`${PREFIX}:${queue}:de:held`, 'x');
    await redis.hset(`${PREFIX}:${queue}:dn:next`, { name: 'x', data: '{', opts: '{' });
  }
}

async function write(redis: Redis, random: Random, input: number): Promise<Written[]> {
  const isGood = random.next() < 0.1;
  const queue = isGood ? ALERT_QUEUE : random.pick([ALERT_QUEUE, ALERT_QUEUE, ...QUEUES]);
  const id = idOf(random, input, isGood);
  const value = isGood
    ? { id: `good-${input}`, dedupKey: `good-${input}`, severity: 'critical', to: PHONE, text: `good ${input}` }
    : mutateValue(validData(queue, input), random);
  const json = Buffer.from(toJson(value));
  const fields = isGood ? plainFields(json) : oddFields(random, json);
  const isTaken = TAKEN_IDS.includes(id);

  const key = `${PREFIX}:${queue}:${id}`;
  const multi = redis.multi();
  const form = isTaken ? 'none' : isGood ? 'job' : formOf(random);
  if (form === 'text') multi.set(key, 'no job');
  else if (form === 'list') multi.rpush(key, 'a', 'b');
  else if (form === 'job' && Object.keys(fields).length > 0) multi.hset(key, fields);
  const lane = random.next();
  if (lane < 0.1) multi.zadd(`${PREFIX}:${queue}:prioritized`, random.pick(['1', '4294967297', '0', '-1', 'inf', '-inf']), id);
  else if (lane < 0.25) multi.zadd(`${PREFIX}:${queue}:delayed`, random.pick(['0', '1', String(Date.now() * 4096)]), id);
  else if (isGood && lane < 0.3) multi.rpush(`${PREFIX}:${queue}:wait`, id);
  else multi.lpush(`${PREFIX}:${queue}:wait`, id);
  const answers = await multi.zadd(`${PREFIX}:${queue}:marker`, '0', '0').exec();
  // An earlier id has taken the key of the list. The client gets the error of Redis: the job was never accepted.
  if (answers?.some(([error]) => error !== null) ?? true) {
    if (form === 'job') await redis.del(key);
    return [];
  }
  const alertId = queue === ALERT_QUEUE && form === 'job' ? alertIdOf(fields) : undefined;
  return [{ input, queue, id, isGood, countsStarts: fields.ats === undefined, ...(alertId === undefined ? {} : { alertId }) }];
}

function idOf(random: Random, input: number, isGood: boolean): string {
  if (!isGood && random.next() < 0.02) return random.pick(TAKEN_IDS);
  const odd = `${random.pick(ODD_TEXTS).replace(/\p{Surrogate}/gu, '?')}${input}`;
  // BullMQ 4 kept its markers among the ids, and they begin so.
  return random.next() < 0.15 && !odd.startsWith('0:')
    ? odd
    : random.pick([`f-${input}`, `m-f${input}`, `${PHONE.slice(1)}-${input}`, `q:${input}`]);
}

function formOf(random: Random): 'job' | 'text' | 'list' | 'none' {
  const form = random.next();
  return form < 0.015 ? 'text' : form < 0.03 ? 'list' : form < 0.04 ? 'none' : 'job';
}

type Fields = Record<string, string | Buffer>;

function plainFields(data: Buffer): Fields {
  return { name: 'alert', data, opts: '{}', timestamp: String(Date.now()), delay: '0', priority: '0' };
}

function oddFields(random: Random, json: Buffer): Fields {
  const data = random.next() < 0.1 ? mutateBytes(json, random) : json;
  const opts = random.next() < 0.5 ? '{}' : toJson(mutateValue(random.next() < 0.4 ? OPTIONS : {}, random));
  const fields: Fields = { ...plainFields(data), name: random.pick(NAMES), opts };
  for (let times = random.pick([0, 0, 0, 1, 1, 2]); times > 0; times--)
    fields[random.pick(FIELDS)] = random.pick([...ODD_TEXTS, ...ODD_FIELD_VALUES, ...ODD_FIELD_VALUES]).replace(/\p{Surrogate}/gu, '?');
  if (random.next() < 0.05) fields.parent = random.pick(PARENTS);
  if (random.next() < 0.05) fields.priority = random.pick(ODD_FIELD_VALUES);
  if (random.next() < 0.03) fields.deid = random.pick(['held', 'next', '']);
  if (random.next() < 0.05) delete fields[random.pick(Object.keys(fields))];
  return fields;
}

/** The id that the data names, where a reader of JSON finds one. */
function alertIdOf({ name, data }: Fields): string | undefined {
  if (data === undefined || name === 'alert-ended') return undefined;
  try {
    const { id } = JSON.parse(data.toString()) as { id?: unknown };
    return typeof id === 'string' && ALERT_ID_PATTERN.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Jobs that have not come to rest in time, and where they are. One that waits for its time is at rest. */
async function restless(redis: Redis, round: readonly Written[]): Promise<readonly (Written & { where: string })[]> {
  const look = async () => {
    const lanes = new Map<string, string>();
    for (const queue of QUEUES) {
      for (const where of ['wait', 'active', 'paused']) {
        for (const id of await redis.lrange(`${PREFIX}:${queue}:${where}`, 0, -1)) lanes.set(`${queue} ${id}`, where);
      }
      for (const id of await redis.zrange(`${PREFIX}:${queue}:prioritized`, '0', '-1')) lanes.set(`${queue} ${id}`, 'prioritized');
    }
    return round.flatMap((written) => {
      const where = lanes.get(`${written.queue} ${written.id}`);
      return where === undefined ? [] : [{ ...written, where }];
    });
  };
  return until(async () => (await look()).length === 0, ROUND_DEADLINE_MS, 100).then(() => [], look);
}

async function judge({ redis, system, ended }: Bench, { queue, id, alertId, isGood, countsStarts }: Written): Promise<string[]> {
  const shown = `${queue} ${JSON.stringify(id.slice(0, 60))}`;
  const key = `${PREFIX}:${queue}:${id}`;
  const complaints: string[] = [];
  const [isFailed, isDelayed, type] = await Promise.all([
    redis.zscore(`${PREFIX}:${queue}:failed`, id).then((score) => score !== null),
    redis.zscore(`${PREFIX}:${queue}:delayed`, id).then((score) => score !== null),
    redis.type(key),
  ]);
  const isJob = type === 'hash' && !TAKEN_IDS.includes(id);
  if (isJob && isFailed) {
    const [reason, stack] = await redis.hmget(key, 'failedReason', 'stacktrace');
    if (!reason) complaints.push(`${shown} failed without a reason`);
    complaints.push(...leaksIn(`${reason ?? ''}`), ...rawWordsIn(reason ?? ''));
    if (stack?.includes('node_modules') === true) complaints.push(`${shown} keeps a stack`);
  }
  // One that is on no list has neither ended nor does it wait.
  const record = async () => JSON.stringify(await redis.hgetall(key)).slice(0, 600);
  if (isJob && !isFailed && !(await isOnList(redis, queue, id))) complaints.push(`${shown} is on no list: ${await record()}`);
  // A job that waits for its next try may have had many by then.
  const starts = isJob && countsStarts && !isDelayed ? Number(await redis.hget(key, 'ats')) : 0;
  if (starts > (MOST_STARTS[queue] ?? 6)) complaints.push(`${shown} was started ${starts} times: ${await record()}`);
  ended(`${queue}: ${isFailed ? 'failed set' : isDelayed ? 'waits for its time' : 'done'}`);
  if (alertId === undefined) return complaints;

  const { status, body } = await call<AlertHistory>(`${system.url}/v1/alerts/${encodeURIComponent(alertId)}`);
  if (status !== 200 || (body.outcome === 'pending' && !isDelayed))
    return [...complaints, `the alert ${alertId} has no outcome: ${status} ${JSON.stringify(body).slice(0, 300)}`];
  if (isGood === true) complaints.push(...(await judgeGood(system.url, alertId)));
  return complaints;
}

/** In one step, so that a job which moves meanwhile is on one of them. One whose key is gone has ended. */
async function isOnList(redis: Redis, queue: string, id: string): Promise<boolean> {
  const key = (part: string) => `${PREFIX}:${queue}:${part}`;
  const multi = redis.multi().exists(key(id));
  for (const set of ['delayed', 'failed', 'completed', 'prioritized']) multi.zscore(key(set), id);
  for (const list of ['wait', 'active']) multi.lpos(key(list), id);
  const [exists, ...places] = ((await multi.exec()) ?? []).map(([, answer]) => answer);
  return exists === 0 || places.some((place) => place !== null);
}

/** A good alert is sent, and once. */
async function judgeGood(url: string, alertId: string): Promise<string[]> {
  const read = async () => (await call<AlertHistory>(`${url}/v1/alerts/${alertId}`)).body;
  const isSent = ({ messages }: AlertHistory) => messages.length === 1 && ['accepted', 'delivered'].includes(messages[0]?.state ?? '');
  const sent = await until(async () => (isSent(await read()) ? read() : undefined), 45_000).catch(read);
  if (!isSent(sent)) return [`the good alert ${alertId} is not sent: ${JSON.stringify(sent).slice(0, 400)}`];
  const attempts = sent.messages[0]?.attempts.length ?? 0;
  return attempts === 1 ? [] : [`the good alert ${alertId} was sent ${attempts} times`];
}
