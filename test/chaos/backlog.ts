import { setTimeout as pause } from 'node:timers/promises';
import { createAll } from '../../src/app.ts';
import { createLogger } from '../../src/logger.ts';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { createKeys } from '../../src/redis/keys.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { until } from '../support/until.ts';
import { startHttpVendor } from '../support/vendors/http-vendor.ts';

export interface BacklogGiven {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Texts of severity info that wait; every fiftieth has a critical beside it where criticals wait too. */
  readonly count: number;
}

export interface Figures {
  /** Of one second at the vendor. */
  readonly most: number;
  readonly perSecond: readonly number[];
}

const BATCH = 500;
const HALF_AN_HOUR_MS = 1_800_000;

/** Two providers, the first of which is down from the start: how long the second takes over for it, and at what cost. */
export async function failOver({ count, ...at }: BacklogGiven) {
  const [first, second] = [await startVendor(), await startVendor()];
  first.down = true;
  const system = await startSystem(at, { first: { vendor: first }, second: { vendor: second } });
  try {
    const startedAt = performance.now();
    await system.raise(count, 'info');
    await until(() => second.accepted.length >= count, HALF_AN_HOUR_MS);
    const firstAfterMs = Math.round((second.accepted[0]?.atMs ?? Number.NaN) - (first.hits[0]?.atMs ?? Number.NaN));
    return { firstAfterMs, allAfterMs: since(startedAt), spentOnFirst: first.hits.length, accepted: distinct(second.accepted) };
  } finally {
    await system.stop();
  }
}

export interface OutageGiven extends BacklogGiven {
  readonly downMs: number;
  /** How long after the return the figures are taken; left out: until nothing waits. */
  readonly watchMs?: number;
}

/** One provider, down for a while with texts waiting: what it is asked meanwhile, and how they come when it is back. */
export async function outage({ count, downMs, watchMs, ...at }: OutageGiven) {
  const vendor = await startVendor();
  vendor.down = true;
  const system = await startSystem(at, { only: { vendor } });
  try {
    const startedAt = performance.now();
    const criticals = Math.ceil(count / 50);
    await system.raise(count, 'info');
    await system.raise(criticals, 'critical');
    await until(async () => (await system.delayed()) === count + criticals, HALF_AN_HOUR_MS);
    await pause(Math.max(0, downMs - since(startedAt)));
    const whileDown = vendor.hits.length;
    const lostMeanwhile = count + criticals - (await system.inFlight());
    vendor.down = false;
    const backAt = performance.now();
    await Promise.race([
      until(async () => (await system.inFlight()) === 0, HALF_AN_HOUR_MS, 200),
      ...(watchMs === undefined ? [] : [pause(watchMs)]),
    ]);
    const inFlight = await system.inFlight();
    const back = vendor.accepted.map(({ atMs, critical }) => ({ afterMs: atMs - backAt, critical }));
    const [urgent, rest] = [back.filter(({ critical }) => critical), back.filter(({ critical }) => !critical)];
    const lastCriticalMs = Math.max(...urgent.map(({ afterMs }) => afterMs));
    return {
      texts: count + criticals,
      whileDown,
      lostMeanwhile,
      firstAfterMs: Math.min(...back.map(({ afterMs }) => afterMs)),
      lastAfterMs: Math.max(...back.map(({ afterMs }) => afterMs)),
      lastCriticalMs,
      criticals: urgent.length,
      ofCriticals: criticals,
      /** What went before the last critical. */
      infosBefore: rest.filter(({ afterMs }) => afterMs < lastCriticalMs).length,
      ...figuresOf(back),
      sent: back.length,
      twice: back.length - distinct(vendor.accepted),
      inFlight,
    };
  } finally {
    await system.stop();
  }
}

export interface OvertakingGiven extends BacklogGiven {
  /** Of the provider; with it the backlog takes long, and every slot of the worker holds a text that waits for its turn. */
  readonly maxPerSecond: number;
}

/** A backlog behind the pace of one provider, then a critical: how long from its POST until it is accepted. */
export async function overtake({ count, maxPerSecond, ...at }: OvertakingGiven) {
  const vendor = await startVendor();
  const system = await startSystem(at, { only: { vendor, maxPerSecond } });
  try {
    await system.raise(count, 'info');
    await until(() => vendor.accepted.length > maxPerSecond, 60_000);
    await until(async () => (await system.routed()) >= count, 120_000);
    const tookMs: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const postedAt = performance.now();
      const id = await system.post();
      await until(() => system.isAccepted(id), 30_000, 5);
      tookMs.push(since(postedAt));
    }
    return { tookMs, waiting: await system.inFlight() };
  } finally {
    await system.stop();
  }
}

export interface BesideGiven extends BacklogGiven {
  /** Of the provider with the backlog. */
  readonly maxPerSecond?: number;
  readonly maxConcurrent?: number;
  /** How long its vendor takes to answer; left out: it answers nothing until the criticals are through. */
  readonly answersAfterMs?: number;
  /** The backlog is left when the criticals are through: it would take minutes. */
  readonly leave?: true;
}

/**
 * A provider with a backlog and a healthy one with a route of its own: how long a critical of the healthy one takes from its
 * POST until it is accepted, and what becomes of the backlog.
 */
export async function beside({ count, maxPerSecond, maxConcurrent, answersAfterMs, leave, ...at }: BesideGiven) {
  const [busy, healthy] = [await startVendor(), await startVendor()];
  const release = createGate();
  busy.before = () => (answersAfterMs === undefined ? release.opened : pause(answersAfterMs));
  const system = await startSystem(
    at,
    { busy: { vendor: busy, maxPerSecond, maxConcurrent }, healthy: { vendor: healthy } },
    '[{ name: urgent, match: { severity: critical }, providers: [healthy] }, { name: default, minSeverity: info, dedupeFor: 0, expiresAfter: 1d, onUnknown: hold, providers: [busy] }]',
  );
  try {
    await system.raise(count, 'info');
    // Every place is taken, and others have found none.
    await until(async () => (await system.delayed()) > 0, 60_000);
    const tookMs: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const postedAt = performance.now();
      const id = await system.post();
      await until(() => system.isAccepted(id), 30_000, 5);
      tookMs.push(since(postedAt));
    }
    const [acceptedBefore, waiting] = [busy.accepted.length, await system.inFlight()];
    release.open();
    if (leave !== true) await until(async () => (await system.inFlight()) === 0, HALF_AN_HOUR_MS, 100);
    const sent = busy.accepted.length;
    return {
      tookMs,
      acceptedBefore,
      waiting,
      sent,
      twice: sent - distinct(busy.accepted),
      asked: busy.hits.length,
    };
  } finally {
    await system.stop();
  }
}

function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

interface AcceptedRequest {
  readonly ref: string;
  readonly critical: boolean;
  /** By `performance.now()`. */
  readonly atMs: number;
}

interface Vendor {
  readonly url: string;
  /** It answers that it did not take the text. */
  down: boolean;
  /** What it waits for before it answers. */
  before?: () => Promise<unknown>;
  readonly hits: AcceptedRequest[];
  readonly accepted: AcceptedRequest[];
  close(): Promise<void>;
}

async function startVendor(): Promise<Vendor> {
  const hits: AcceptedRequest[] = [];
  const accepted: AcceptedRequest[] = [];
  const server = await startHttpVendor(async ({ body }) => {
    const { ref, text } = JSON.parse(body) as { ref: string; text: string };
    const hit = { ref, critical: text.startsWith('CRITICAL'), atMs: performance.now() };
    hits.push(hit);
    await vendor.before?.();
    if (!vendor.down) accepted.push(hit);
    return { status: 200, body: vendor.down ? '{"error":"down"}' : '{"id":"v-1"}' };
  });
  const vendor: Vendor = { url: server.url, down: false, hits, accepted, close: server.close };
  return vendor;
}

type Carriers = Readonly<
  Record<string, { readonly vendor: Vendor; readonly maxPerSecond?: number | undefined; readonly maxConcurrent?: number | undefined }>
>;

/** All roles in this process, on defaults but for the caps. */
async function startSystem(
  { redisUrl, prefix }: Omit<BacklogGiven, 'count'>,
  carriers: Carriers,
  routes = `[{ name: default, minSeverity: info, dedupeFor: 0, expiresAfter: 1d, providers: [${Object.keys(carriers).join(', ')}] }]`,
) {
  const lines = Object.entries(carriers).map(
    ([name, { vendor, maxPerSecond, maxConcurrent }]) =>
      `  ${name}: { type: http, url: "${vendor.url}/send", messageId: /id, body: { to: "{to}", text: "{text}", ref: "{id}" }, ${maxPerSecond === undefined ? '' : `maxPerSecond: ${maxPerSecond}, `}${maxConcurrent === undefined ? '' : `maxConcurrent: ${maxConcurrent}, `}errors: { pointer: /error, map: { down: unavailable } } }`,
  );
  const { config } = loadYaml(`
providers:
${lines.join('\n')}
routes: ${routes}
caps: { perRecipient: [], perHour: off }
http: { port: 0 }
redis: { prefix: "${prefix}" }
`);
  const app = createAll({ config, redisUrl, logger: createLogger('silent') });
  const { httpPort } = await app.start();
  const url = `http://127.0.0.1:${httpPort}`;
  const producer = createProducer({ redis: redisUrl, prefix });
  const redis = connectRedis(redisUrl, 'interactive');
  const keys = createKeys(prefix);
  let phones = 0;
  const alert = (severity: 'info' | 'critical') => {
    phones += 1;
    return { to: `+6012${String(3_000_000 + phones)}`, severity, text: `backlog ${phones}` };
  };
  /** Alerts that no router has taken yet. */
  const waitingAlerts = async () =>
    (await redis.llen(`${prefix}:sms-alerts:wait`)) + (await redis.zcard(`${prefix}:sms-alerts:prioritized`));
  return {
    async raise(count: number, severity: 'info' | 'critical'): Promise<void> {
      for (let from = 0; from < count; from += BATCH) {
        await producer.enqueueMany(Array.from({ length: Math.min(BATCH, count - from) }, () => alert(severity)));
      }
      await until(async () => (await waitingAlerts()) === 0, HALF_AN_HOUR_MS);
    },
    routed: async () => phones - (await waitingAlerts()) - (await redis.llen(`${prefix}:sms-alerts:active`)),
    delayed: () => redis.zcard(`${prefix}:sms-messages:delayed`),
    /** Messages without an outcome. */
    inFlight: async () => Number(await redis.get(keys.inFlight())),
    async post(): Promise<string> {
      const response = await fetch(`${url}/v1/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alert('critical')),
      });
      const { accepted } = (await response.json()) as { accepted: { id: string }[] };
      return accepted[0]?.id as string;
    },
    async isAccepted(id: string): Promise<boolean> {
      const { messages = [] } = (await (await fetch(`${url}/v1/alerts/${id}`)).json()) as { messages?: { state: string }[] };
      return messages[0]?.state === 'accepted';
    },
    async stop(): Promise<void> {
      await app.stop();
      await producer.close();
      redis.disconnect();
      await Promise.all(Object.values(carriers).map(({ vendor }) => vendor.close()));
    },
  };
}

function figuresOf(back: readonly { readonly afterMs: number }[]): Figures {
  const perSecond: number[] = [];
  for (const { afterMs } of back) {
    const second = Math.max(0, Math.floor(afterMs / 1000));
    perSecond[second] = (perSecond[second] ?? 0) + 1;
  }
  return {
    most: Math.max(0, ...perSecond.filter((count) => count !== undefined)),
    perSecond: Array.from(perSecond, (count) => count ?? 0),
  };
}

function distinct(taken: readonly AcceptedRequest[]): number {
  return new Set(taken.map(({ ref }) => ref)).size;
}

function since(at: number): number {
  return Math.round(performance.now() - at);
}
