import { SEVERITIES, type Severity, severityRank } from '../../alert/severity.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import type { Closure } from '../acknowledge/closure-script.ts';
import type { HistoryEvent, MessageState } from '../history/history.ts';
import { lines } from '../records.ts';
import { closeScript, endScript, gatherScript, markScript, releaseUnreachedScript, writeScript } from './digest-scripts.ts';

/** What a digest says of one alert. */
export interface DigestLine {
  readonly severity: Severity;
  /** Short. */
  readonly text: string;
  readonly alertId: string;
  readonly messageId: string;
  readonly dedupHash: string;
  /** When the alert was received, ms. */
  readonly receivedAt: number;
  /** When it was held back, ms. */
  readonly at: number;
  /** A resolved text: what it names is over. */
  readonly isOver?: boolean;
  /** What has ended the alert since it was held back; asked for when the digest is written. */
  readonly ended?: Closure;
  /** Its field in the digest's hash. */
  readonly field?: string;
}

export interface ToGather {
  readonly messageId: string;
  readonly phoneHash: string;
  readonly severity: Severity;
  readonly line: DigestLine;
  /** The digest is sent as the gravest of what it tells would be; the newest of those counts. */
  readonly as: string;
  readonly now: Date;
  /** Held back for being too much, and not for the time of day. */
  readonly isStorm: boolean;
  /** So long a silence ends a storm. */
  readonly quietMs: number;
  /** Of the digest, in case this is its first. */
  readonly digestId: string;
}

export type Gathered =
  | {
      readonly kind: 'gathered';
      readonly digestId: string;
      /** Whoever is told so sees to it that the digest has a job; more than one may be. */
      readonly needsJob: boolean;
      /** It has become due earlier, or graver. */
      readonly wakes: boolean;
    }
  | { readonly kind: 'ended'; readonly state: MessageState }
  /** It is being sent, or may have been. */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'missing' };

/** A digest while it gathers. */
export interface Gathering extends DigestContent {
  /** When the storm it is part of last brought something, ms. */
  readonly stormAt: number;
}

/** What a digest tells, as far as it is known; `count` and `firstAt` are 0 while nothing is in it. */
export interface DigestContent {
  readonly count: number;
  readonly counts: Readonly<Record<Severity, number>>;
  /** Newest first; all of them up to `LINES` of a severity. */
  readonly lines: readonly DigestLine[];
  /** ms, of the first and the last that it tells of. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly closedAt: number;
  readonly as: string;
  readonly storm?: 'begins' | 'goes on' | 'over';
  /** Of a storm that is over: how many it brought, and since when none has come, ms. */
  readonly total: number;
  readonly quietSince: number;
  /** The next digest, open already. */
  readonly next: string | undefined;
  /** Written: from now on it says this. */
  readonly text: string | undefined;
}

/** What a closed digest is to say, and what has no room in it. */
export interface ToWrite {
  readonly text: string;
  readonly left: readonly DigestLine[];
  /** The manner of what is left. */
  readonly as: string;
  /** Of a digest to open for what is left, unless one gathers already. */
  readonly nextId: string;
  readonly event: HistoryEvent;
}

export interface Written {
  /** An earlier run may have written another one. */
  readonly text: string;
  /** The digest that what had no room has moved to. */
  readonly next: { readonly id: string; readonly needsJob: boolean } | undefined;
}

/** What is held back and told of together. */
export interface Digests {
  /** Adds a message to what its phone is told in one text; the second time it adds nothing and answers with the same digest. */
  gather(message: ToGather): Promise<Gathered>;
  /** The digest has its job. */
  mark(digestId: string, phoneHash: string): Promise<void>;
  gathering(digestId: string, phoneHash: string): Promise<Gathering | undefined>;
  /** Whether a digest of this phone has something in it. */
  isWaiting(phoneHash: string): Promise<boolean>;
  content(digestId: string): Promise<DigestContent | undefined>;
  /** From now on it says what it says; the same each time. `undefined`: nothing of it is left. */
  close(digestId: string, phoneHash: string, close: Closing): Promise<DigestContent | undefined>;
  /** Once: what it says, and which digest names the rest. The second time it changes nothing. */
  write(digestId: string, phoneHash: string, write: ToWrite): Promise<Written>;
  /** It was not sent: alerts that no other text was about may be raised again. As far as it has a line for them. */
  unreach(digestId: string, phoneHash: string): Promise<void>;
  /** It is sent, or never will be. `keep`: somebody may want to send it after all. */
  end(digestId: string, phoneHash: string, keep: boolean): Promise<void>;
}

export interface Closing {
  readonly nextId: string;
  readonly now: Date;
  readonly quietMs: number;
  /** As what it found room: so it is sent, unless something graver has come in meanwhile. */
  readonly severity: Severity;
  readonly as: string;
}

/** How many alerts a closed digest names; `undefined` once it was sent or its time is over. */
export async function countInDigest(redis: Redis, keys: Keys, digestId: string): Promise<number | undefined> {
  const count = await redis.hget(keys.digestContent(digestId), 'count');
  return count === null ? undefined : Number(count);
}

export function createDigests(redis: Redis, keys: Keys): Digests {
  return {
    async gather({ messageId, phoneHash, severity, line, as, now, isStorm, quietMs, digestId }) {
      const answer = await gatherScript(redis, {
        keys: { message: keys.message(messageId), gathering: keys.digest(phoneHash), storm: keys.storm(phoneHash) },
        args: {
          newId: digestId,
          severity,
          rank: severityRank(severity),
          now: now.getTime(),
          line: JSON.stringify(line),
          as,
          isStorm,
          quietMs,
        },
      });
      if (answer.kind !== 'gathered') return answer;
      const { isNews, ...gathered } = answer;
      return { ...gathered, wakes: isNews };
    },
    async mark(digestId, phoneHash) {
      await markScript(redis, { keys: { gathering: keys.digest(phoneHash) }, args: { digestId } });
    },
    async gathering(digestId, phoneHash) {
      const [hash, stormAt] = await Promise.all([redis.hgetall(keys.digest(phoneHash)), redis.hget(keys.storm(phoneHash), 'lastAt')]);
      return hash.id === digestId ? { ...contentOf(hash), stormAt: Number(stormAt ?? 0) } : undefined;
    },
    isWaiting: async (phoneHash) => Number(await redis.hget(keys.digest(phoneHash), 'count')) > 0,
    async content(digestId) {
      const hash = await redis.hgetall(keys.digestContent(digestId));
      return hash.id === undefined ? undefined : contentOf(hash);
    },
    async close(digestId, phoneHash, { nextId, now, quietMs, severity, as }) {
      const fields = await closeScript(redis, {
        keys: { gathering: keys.digest(phoneHash), content: keys.digestContent(digestId), storm: keys.storm(phoneHash) },
        args: { digestId, nextId, now: now.getTime(), quietMs, rank: severityRank(severity), as },
      });
      return fields.length === 0 ? undefined : contentOf(hashOf(fields));
    },
    async write(digestId, phoneHash, { text, left, as, nextId, event }) {
      const {
        text: written,
        next,
        needsJob,
      } = await writeScript(redis, {
        keys: {
          content: keys.digestContent(digestId),
          gathering: keys.digest(phoneHash),
          messages: left.map(({ messageId }) => keys.message(messageId)),
        },
        args: {
          text,
          newId: nextId,
          as,
          rank: Math.max(-1, ...left.map(({ severity }) => severityRank(severity))),
          firstAt: Math.min(...left.map(({ at }) => at)),
          event: lines([event]),
          left: left.map(({ field = '', ended: _, ...line }) => ({ field, severity: line.severity, line: JSON.stringify(line) })),
        },
      });
      return { text: written, next: next === undefined ? undefined : { id: next, needsJob } };
    },
    async unreach(digestId, phoneHash) {
      const [closed, open] = await Promise.all([redis.hgetall(keys.digestContent(digestId)), redis.hgetall(keys.digest(phoneHash))]);
      const hash = closed.id === undefined ? open : closed;
      if (hash.id !== digestId) return;
      await Promise.all(
        contentOf(hash).lines.map(({ messageId, alertId, dedupHash }) =>
          releaseUnreachedScript(redis, {
            keys: { message: keys.message(messageId), claims: keys.claims(dedupHash), acknowledged: keys.acknowledged(dedupHash) },
            args: { digestId, alertId },
          }),
        ),
      );
    },
    async end(digestId, phoneHash, keep) {
      await endScript(redis, {
        keys: { gathering: keys.digest(phoneHash), content: keys.digestContent(digestId) },
        args: { digestId, isKept: keep },
      });
    },
  };
}

function hashOf(fields: readonly string[]): Record<string, string> {
  return Object.fromEntries(fields.flatMap((field, index) => (index % 2 === 0 ? [[field, fields[index + 1] as string]] : [])));
}

function contentOf(hash: Readonly<Record<string, string>>): DigestContent {
  return {
    count: Number(hash.count ?? 0),
    counts: Object.fromEntries(SEVERITIES.map((severity) => [severity, Number(hash[severity] ?? 0)])) as Record<Severity, number>,
    lines: linesOf(hash),
    firstAt: Number(hash.firstAt ?? 0),
    lastAt: Number(hash.lastAt ?? 0),
    closedAt: Number(hash.closedAt ?? hash.lastAt ?? 0),
    as: hash.as ?? '{}',
    ...(hash.storm === undefined ? {} : { storm: hash.storm as 'begins' | 'goes on' | 'over' }),
    total: Number(hash.total ?? 0),
    quietSince: Number(hash.quietSince ?? 0),
    next: hash.next,
    text: hash.text,
  };
}

/** Of each line the field holds its number in the digest, a space, and what is kept of the alert. */
function linesOf(hash: Readonly<Record<string, string>>): DigestLine[] {
  return Object.entries(hash)
    .filter(([field]) => field.startsWith('line:'))
    .map(([field, value]) => {
      const space = value.indexOf(' ');
      return { seq: Number(value.slice(0, space)), line: { ...(JSON.parse(value.slice(space + 1)) as DigestLine), field } };
    })
    .toSorted((a, b) => b.line.at - a.line.at || b.seq - a.seq)
    .map(({ line }) => line);
}
