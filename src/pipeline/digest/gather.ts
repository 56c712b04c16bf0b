import { randomUUID } from 'node:crypto';
import type { Digests } from '../../ledger/digest/digests.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { CapRule } from '../../limit/caps/rate-cap.ts';
import type { HoldBack } from '../gates/hold-back.ts';
import { laneOf, type Message } from '../message.ts';
import type { Observer } from '../observer.ts';
import { cardOf } from '../routing/plan-message.ts';
import { lineOf } from './compose-digest.ts';
import { digestLifeMs, mannerOf, newDigest } from './digest-message.ts';

/** Jobs of digests, on the same queue as all messages. */
export interface DigestJobs {
  /** Idempotent. */
  add(digest: Message, until: Date): Promise<void>;
  /** Promotes a delayed digest. */
  promote(digestId: string): Promise<void>;
}

export interface GatherDeps {
  readonly digests: Digests;
  readonly ledger: Ledger;
  readonly jobs: DigestJobs;
  readonly observer: Observer;
  readonly rulesOf: (message: Message) => readonly CapRule[];
}

export interface Gatherer {
  readonly gather: HoldBack;
  /** Stores a digest and adds its job, unless that was done. */
  open(digestId: string, to: Pick<Message, 'to' | 'simulated'>, manner: string, now: Date, until: Date): Promise<void>;
}

export function newDigestId(): string {
  return `digest-${randomUUID()}`;
}

/**
 * Adds messages that are held back to the digest of their recipient. The message's ledger entry and the digest are
 * updated in one step: after a crash, the message refers to its digest and cannot be sent any more.
 */
export function createGatherer({ digests, ledger, jobs, observer, rulesOf }: GatherDeps): Gatherer {
  const open: Gatherer['open'] = async (digestId, to, manner, now, until) => {
    const draft = newDigest(digestId, to, manner, now, 0);
    const digest = { ...draft, expiresAt: now.getTime() + digestLifeMs(rulesOf(draft)) };
    const { severity, purpose, dedupHash, receivedAt } = digest;
    const at = now.toISOString();
    const opened = { at, stage: 'digest', verdict: 'pass', detail: 'collects the alerts that are held back from this phone' };
    const waits = { at, stage: 'digest', verdict: 'deferred', reason: 'digest', until: until.toISOString() };
    const admission = await ledger.admit(
      {
        ...{ id: digestId, severity, purpose, status: 'firing', dedupKey: null, dedupHash, receivedAt, dedupeForMs: 0, events: [opened] },
        messages: [{ ...cardOf(digest, now), state: 'deferred', reason: 'digest', until, events: [waits] }],
      },
      randomUUID(),
    );
    await jobs.add(digest, until);
    await digests.mark(digestId, laneOf(digest));
    if (admission.kind !== 'admitted' || !admission.fresh) return;
    observer.messagesCreated(severity, 1);
    observer.deferred('digest');
  };

  return {
    open,
    async gather(message, held, until, { clock }) {
      const { reason } = held;
      const now = clock.now();
      const pace = paceOf(rulesOf(message));
      const manner = mannerOf(message);
      const gathered = await digests.gather({
        messageId: message.id,
        phoneHash: laneOf(message),
        severity: message.severity,
        line: lineOf(message, now),
        as: manner,
        now,
        isStorm: reason !== 'quiet_hours' && reason !== 'budget',
        quietMs: pace.quietMs,
        digestId: newDigestId(),
      });
      switch (gathered.kind) {
        case 'gathered':
          if (gathered.needsJob) await open(gathered.digestId, message, manner, now, new Date(now.getTime() + pace.gatherMs));
          else if (gathered.promotes) await jobs.promote(gathered.digestId);
          return { kind: 'suppressed', reason: 'digested', held, detail: `part of ${gathered.digestId}; held back by ${reason}` };
        case 'ended':
          return { kind: 'settled', state: gathered.state };
        case 'unresolved':
          return { kind: 'deferred', reason, until };
        case 'missing':
          return { kind: 'malformed', detail: 'the ledger has no entry for this message' };
      }
    },
  };
}

const LONGEST_GATHER_MS = 10_000;
const LONGEST_QUIET_MS = 600_000;

/**
 * Times of a digest: how long it collects from its first alert on, and after which silence a storm has ended; shorter
 * for short windows.
 */
export function paceOf(rules: readonly CapRule[]): { readonly gatherMs: number; readonly quietMs: number } {
  const windows = rules.filter(({ reason }) => reason === 'rate_cap_recipient').map(({ windowMs }) => windowMs);
  return {
    gatherMs: Math.min(LONGEST_GATHER_MS, Math.min(...windows) / 10),
    quietMs: Math.min(LONGEST_QUIET_MS, windows.length === 0 ? LONGEST_QUIET_MS : Math.max(...windows)),
  };
}
