import { SEVERITIES, type Severity, severityRank } from '../../alert/severity.ts';
import type { Redis } from '../../redis/connect.ts';
import type { Keys } from '../../redis/keys.ts';
import type { Closure } from '../acknowledge/closure-script.ts';
import type { HistoryEvent, MessageState } from '../history/history.ts';
import { lines } from '../records.ts';
import { closeScript, endScript, gatherScript, markScript, releaseUnreachedScript, writeScript } from './digest-scripts.ts';

/** The entry of one alert in a digest. */
export interface DigestLine {
  readonly severity: Severity;
  /** Short text of the alert. */
  readonly text: string;
  readonly alertId: string;
  readonly messageId: string;
  readonly dedupHash: string;
  /** When the alert was received, ms. */
  readonly receivedAt: number;
  /** When it was held back, ms. */
  readonly at: number;
  /** Whether it is a resolve notification: the problem of that name is over. */
  readonly isOver?: boolean;
  /** What closed the alert since it was held back; looked up when the digest is written. */
  readonly ended?: Closure;
  /** Field of the line in the digest's hash. */
  readonly field?: string;
}

export interface ToGather {
  readonly messageId: string;
  readonly phoneHash: string;
  readonly severity: Severity;
  readonly line: DigestLine;
  /** The digest is sent with the properties of its most severe message; of equal ones, the newest. */
  readonly as: string;
  readonly now: Date;
  /** Whether it was held back because of volume rather than quiet hours. */
  readonly isStorm: boolean;
  /** Length of silence that ends a storm. */
  readonly quietMs: number;
  /** Id for the digest, if this message opens one. */
  readonly digestId: string;
}

export type Gathered =
  | {
      readonly kind: 'gathered';
      readonly digestId: string;
      /** Whether the digest has no job yet: the caller must add it. More than one caller may get true. */
      readonly needsJob: boolean;
      /** Whether the digest is now due earlier or more severe. */
      readonly promotes: boolean;
    }
  | { readonly kind: 'ended'; readonly state: MessageState }
  /** The message is being sent, or may have been sent. */
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'missing' };

/** A digest that is still gathering. */
export interface Gathering extends DigestContent {
  /** When the storm it belongs to last had an alert, ms. */
  readonly stormAt: number;
}

/** Content of a digest as far as it is known; `count` and `firstAt` are 0 while it is empty. */
export interface DigestContent {
  readonly count: number;
  readonly counts: Readonly<Record<Severity, number>>;
  /** Lines, newest first; complete up to `LINES` per severity. */
  readonly lines: readonly DigestLine[];
  /** Times of the first and the last alert in it, ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly closedAt: number;
  readonly as: string;
  readonly storm?: 'begins' | 'goes on' | 'over';
  /** The storm, once it is over: number of alerts, and since when none has arrived, ms. */
  readonly total: number;
  readonly quietSince: number;
  /** Id of the next digest, if it is already open. */
  readonly next: string | undefined;
  /** The recorded text, once the digest is written. */
  readonly text: string | undefined;
}

/** Text of a closed digest, and the messages that did not fit into it. */
export interface ToWrite {
  readonly text: string;
  readonly left: readonly DigestLine[];
  /** The message with whose properties the rest is sent. */
  readonly as: string;
  /** Id for the digest that takes the rest, unless one is already gathering. */
  readonly nextId: string;
  readonly event: HistoryEvent;
}

export interface Written {
  /** The recorded text; an earlier run may have written a different one. */
  readonly text: string;
  /** The digest that took what did not fit. */
  readonly next: { readonly id: string; readonly needsJob: boolean } | undefined;
}

/** Digests: messages that are held back and sent together. */
export interface Digests {
  /** Adds a message to the digest of its phone. Idempotent: a repeated call returns the same digest. */
  gather(message: ToGather): Promise<Gathered>;
  /** Records that the digest has its job. */
  mark(digestId: string, phoneHash: string): Promise<void>;
  gathering(digestId: string, phoneHash: string): Promise<Gathering | undefined>;
  /** Whether a digest of this phone is not empty. */
  isWaiting(phoneHash: string): Promise<boolean>;
  content(digestId: string): Promise<DigestContent | undefined>;
  /** Fixes the content of the digest; idempotent. `undefined`: the digest no longer exists. */
  close(digestId: string, phoneHash: string, close: Closing): Promise<DigestContent | undefined>;
  /** Records the text and which digest takes the rest. Idempotent. */
  write(digestId: string, phoneHash: string, write: ToWrite): Promise<Written>;
  /** Records that the digest was not sent: alerts in its lines that no other message reported may be raised again. */
  unreach(digestId: string, phoneHash: string): Promise<void>;
  /** Ends the digest, after it was sent or because it never will be. `keep`: it may still be replayed. */
  end(digestId: string, phoneHash: string, keep: boolean): Promise<void>;
}

export interface Closing {
  readonly nextId: string;
  readonly now: Date;
  readonly quietMs: number;
  /** Severity of the message that found a free slot: the digest is sent with it unless a more severe one arrived meanwhile. */
  readonly severity: Severity;
  readonly as: string;
}

/** Number of alerts in a closed digest; `undefined` once it was sent or has expired. */
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
      return { ...gathered, promotes: isNews };
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

/** Lines of a digest hash. A field value is the alert's number in the digest, a space, and its line as JSON. */
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
