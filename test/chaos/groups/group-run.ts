import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isInFlight } from '../../../src/ledger/history/history.ts';
import type { RedisUser } from '../../../src/redis/access/permissions.ts';
import { rest } from '../../e2e/rest.ts';
import { tell } from '../../support/redis-groups.ts';
import { type GroupMember, smallestUsers, TOPOLOGIES, type Topology } from '../../support/redis-topologies.ts';
import { call, launch, metrics } from '../../support/system.ts';
import { until } from '../../support/until.ts';
import { startHttpVendor } from '../../support/vendors/http-vendor.ts';
import { createFaultRecorder, observedNow } from '../faults.ts';
import { type Judgement, judgeHistory } from '../judge-history.ts';
import { accepts, PROCESS_NAME, providerOf, startRecordingVendor } from '../recording-vendor.ts';
import { settledHistories } from '../settled-histories.ts';
import { watchClocks } from '../watch-clocks.ts';
import { startProducers } from './producers.ts';

/** What happens to a member for the given time. */
export const FAULTS: Readonly<Record<string, (member: GroupMember, ms: number, group: Topology) => Promise<void>>> = {
  /** However long that takes. */
  migrate: async (_, __, { migrate }) => {
    if (migrate === undefined) throw new Error('only a cluster has slots');
    await migrate();
  },
  /** A planned failover; then the given time passes. */
  failover: async (_, ms, { failOver }) => {
    if (failOver === undefined) throw new Error('there is no replica');
    await failOver();
    await pause(ms);
  },
  kill: async (member, ms) => {
    await member.kill();
    await pause(ms);
    await member.restart();
  },
  freeze: async (member, ms) => {
    member.process.kill('SIGSTOP');
    await pause(ms);
    member.process.kill('SIGCONT');
  },
  restart: async (member, ms) => {
    const exit = once(member.process, 'exit');
    member.process.kill('SIGTERM');
    await exit;
    await pause(ms);
    await member.restart();
  },
};

export interface GroupRun {
  readonly topology: string;
  readonly fault: string;
  readonly member: string;
  readonly seconds: number;
  /** Every process and producer connects as its user of deploy/redis/users.acl. */
  readonly acl: boolean;
}

export interface GroupResult extends Judgement {
  readonly run: string;
  /** Alerts with an outcome whose messages all have one. */
  readonly ended: number;
  /** Seconds from the fault on, at most, between two texts at the vendor. */
  readonly longestGap: number;
  /** Seconds from the end of the fault until the next text. */
  readonly recovered: number;
  /** Seconds in which `/readyz` was not 200, and whether it is at the end. */
  readonly notReady: number;
  readonly readyAtEnd: boolean;
  /** Alerts whose end the outgoing webhook was not told of. */
  readonly eventsMissing: number;
  /** Seconds from the last alert until each one had its end. */
  readonly settledAfter: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly clientErrors: Readonly<Record<string, number>>;
  /** Log lines of level error that are not about Redis being away. */
  readonly errors: readonly string[];
}

const PER_SECOND = 20;
const BEFORE = 60;
const AFTER_MS = 4_000;
/** Times the patience of `until`, 4, it is more than the 6 min after which a missing job of a message is added again at the latest. */
const PATIENCE_MS = 100_000;
/** An answer of `/readyz` that takes longer is none. */
const SILENCE_MS = 3_000;
const SECRET = 'whsec_ZXhhbXBsZSBzZWNyZXQgb2YgMzIgYnl0ZXMhIS4=';

/** Alerts flow, a member of the group is taken away and comes back, and every alert is followed to its end. */
export async function runGroup({ topology, fault, member, seconds, acl }: GroupRun): Promise<GroupResult> {
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const users = smallestUsers();
    const group = await (TOPOLOGIES[topology] as (typeof TOPOLOGIES)[string])(acl ? Object.values(users) : []);
    const urlOf = (user: RedisUser) => (acl ? group.urlOf(users[user]) : group.url);
    ends.push(group.stop);
    const victim = group.members[member];
    if (victim === undefined) throw new Error(`no ${member} in ${topology}`);
    const vendor = await startRecordingVendor('first');
    vendor.behave(() => accepts(100));
    const told = new Set<string>();
    const events = await startHttpVendor(({ body }) => {
      const { type, data } = JSON.parse(body) as { type: string; data: { alertId: string } };
      if (type.startsWith('sms.message.')) told.add(data.alertId);
      return { status: 204, body: '' };
    });
    ends.push(vendor.close, events.close);
    const config = `
providers:
${providerOf('first', vendor.url, '3s')}
routes:
  - { name: criticals, match: { severity: critical }, minSeverity: info, dedupeFor: 0, overflow: defer, providers: [first], onUnknown: resend }
  - { name: rest, minSeverity: info, dedupeFor: 0, overflow: defer, providers: [first], onUnknown: hold }
caps: { perRecipient: off, perHour: off }
worker: { concurrency: 20 }
events: { erp: { url: "${events.url}", secret: "${SECRET}" } }
`;
    const onEnd = (end: () => Promise<void>) => void ends.push(end);
    const door = await launch({ config, redisUrl: urlOf('start'), env: { [PROCESS_NAME]: 'first' }, onEnd });
    const second = await launch({ kind: 'dispatcher', config, redisUrl: urlOf('dispatcher'), env: { [PROCESS_NAME]: 'second' }, onEnd });
    const faults = createFaultRecorder();
    const clocks = watchClocks(urlOf('reader'));
    ends.push(() => clocks.stop());

    const producers = startProducers(() => door.url, urlOf('producer'), PER_SECOND);
    ends.push(async () => producers.halt());
    await until(() => vendor.hits.length >= BEFORE, 90_000);
    let notReadyMs = 0;
    let readyNow = true;
    let looked = performance.now();
    const looking = setInterval(() => {
      const answer = Promise.race([call(`${door.url}/readyz`).catch(() => undefined), pause(SILENCE_MS, undefined, { ref: false })]);
      void answer.then((said) => {
        const now = performance.now();
        readyNow = said?.status === 200;
        if (!readyNow) notReadyMs += now - looked;
        looked = now;
      });
    }, 250);
    ends.push(async () => clearInterval(looking));

    const from = observedNow();
    const over = faults.start(`${fault} of the ${member}`);
    await FAULTS[fault]?.(victim, seconds * 1000, group);
    const back = observedNow();
    const next = await until(() => vendor.hits.find(({ atMs }) => atMs >= back), 120_000).catch(() => undefined);
    await pause(AFTER_MS);
    over(1);
    await producers.finish();
    const finishedAt = performance.now();
    const histories = await settledHistories(
      door.url,
      producers.raised.map(({ alertId }) => alertId),
      [],
      PATIENCE_MS,
    );
    const settledAfter = (performance.now() - finishedAt) / 1000;
    const restless = await rest(door.url, { deadlineMs: 45_000 }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    await until(() => producers.raised.every(({ alertId }) => told.has(alertId)), 20_000).catch(() => undefined);
    const readyAtEnd = await until(() => readyNow, 10_000).catch(() => false);
    const said = [door.output(), second.output()];
    const { sentinel: _, ...servers } = group.members;
    const refused = (await Promise.all(Object.values(servers).map(({ port }) => aclRefusals(port)))).flat();
    const judgement = judgeHistory({
      raised: producers.raised,
      hits: vendor.hits,
      histories,
      restless,
      scrapes: await Promise.all([door, second].map(({ url }) => metrics(url))),
      countersLost: false,
      said,
      crashed: [door, second]
        .filter(({ child }) => child.exitCode !== null)
        .map(({ child }) => `${child.spawnargs.at(-1)} (${child.exitCode})`),
      caps: [],
      mayWaitFor: [],
      expiresAfterMs: 3_600_000,
      callTimeoutMs: 3_000,
      faults: faults.faults,
      clock: { samples: clocks.samples, redisStepped: false },
    });
    const times = [from, ...vendor.hits.map(({ atMs }) => atMs).filter((at) => at >= from)];
    return {
      run: [topology, fault, member, `${seconds}s`, ...(acl ? ['acl'] : [])].join(' '),
      ...judgement,
      broken: [...judgement.broken, ...refused.map((what) => `refused by the ACL: ${what}`)],
      ended: [...histories.values()].filter(
        ({ outcome, messages }) => outcome !== 'pending' && messages.every(({ state }) => !isInFlight(state)),
      ).length,
      longestGap: Math.max(...times.slice(1).map((at, index) => at - (times[index] as number))) / 1000,
      recovered: next === undefined ? Number.POSITIVE_INFINITY : (next.atMs - back) / 1000,
      notReady: notReadyMs / 1000,
      readyAtEnd,
      settledAfter,
      eventsMissing: producers.raised.filter(({ alertId }) => !told.has(alertId)).length,
      refusals: Object.fromEntries(producers.refusals),
      clientErrors: Object.fromEntries(producers.errors),
      errors: said.flatMap((text) => text.split('\n')).filter((line) => line.includes('"level":"error"') && !line.includes('Redis at ')),
    };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** What a server refused its users for want of a permission, each once. */
async function aclRefusals(port: number): Promise<string[]> {
  const entries = (await tell(port, (redis) => redis.call('ACL', 'LOG'))) as string[][];
  const field = (entry: readonly string[], name: string) => entry[entry.indexOf(name) + 1];
  return entries.map((entry) => `${field(entry, 'username')}: ${field(entry, 'reason')} ${field(entry, 'object')}`);
}
