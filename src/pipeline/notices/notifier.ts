import { randomUUID } from 'node:crypto';
import { readRecipientName } from '../../alert/parse-alert.ts';
import type { Channel, NoticeProgress, Notified } from '../../channel/channel.ts';
import type { Clock } from '../../clock.ts';
import type { NoticeOutcome, Notices } from '../../ledger/notices.ts';
import type { Observer } from '../observer.ts';
import { type AddressBook, openRecipients } from '../routing/recipients.ts';
import type { RetryUntilStored } from '../sending/message-stages.ts';
import { pauseMs, type WaitingNotice } from './notice.ts';

interface NotifierDeps {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly notices: Notices;
  /** Why nobody has to be told of an alert any more; `undefined` while somebody has. */
  readonly closedBy: (dedupHash: string, receivedAt: number) => Promise<'resolved' | 'acknowledged' | undefined>;
  readonly observer: Pick<Observer, 'noticeEnded'>;
  readonly clock: Clock;
  readonly retryUntilStored: RetryUntilStored;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told of a throw out of a channel, which is a bug in it. */
  readonly onBug: (error: unknown, channel: string) => void;
}

export type Noticed =
  /** `code`: what the channel refused it with, if it was asked. */
  | { readonly kind: 'later'; readonly until: Date; readonly code?: string; readonly progress?: NoticeProgress }
  | ({ readonly kind: 'ended' } & NoticeEnd);

interface NoticeEnd {
  readonly outcome: NoticeOutcome;
  readonly reason?: 'resolved' | 'acknowledged' | 'expired';
  readonly code?: string;
  readonly detail?: string;
  /** Of one that failed for some addresses: what an operator sends once more goes to the others only. */
  readonly progress?: NoticeProgress;
}

export interface Notifier {
  /** Takes one notice as far as it goes now. `tries`: which time this is that its job is taken. */
  notify(notice: WaitingNotice, tries: number, signal: AbortSignal): Promise<Noticed>;
  /** Ends one over which worker after worker died. */
  bury(notice: WaitingNotice): Promise<void>;
}

/**
 * Tells channels what is due, and writes down and counts how each notice ended. At least once: what a channel took
 * without our hearing of it is told again, under the same id.
 */
export function createNotifier({ channels, notices, closedBy, observer, clock, retryUntilStored, random, onBug }: NotifierDeps): Notifier {
  /** Channels that want to be left alone, and until when: what this process knows of it. */
  const paused = new Map<string, number>();

  const end = async (notice: WaitingNotice, ended: NoticeEnd): Promise<Noticed> => {
    const { outcome, reason, code, detail } = ended;
    const type = channels.get(notice.channel)?.type;
    const facts = [
      [type, notice.channel].filter(Boolean).join(' '),
      ...(code === undefined ? [] : [code]),
      ...(detail === undefined ? [] : [detail]),
    ];
    const event = {
      at: clock.now().toISOString(),
      stage: 'escalation',
      verdict: outcome,
      ...(reason === undefined ? {} : { reason }),
      detail: facts.join(', '),
    };
    const run = randomUUID();
    if (await retryUntilStored(() => notices.end(notice, outcome, event, run)))
      observer.noticeEnded({ channel: notice.channel, result: outcome });
    return { kind: 'ended', ...ended };
  };

  const ask = (channel: Channel, notice: WaitingNotice, signal: AbortSignal): Promise<Notified> =>
    channel.notify(notice, signal).catch((error: unknown): Notified => {
      onBug(error, channel.name);
      return { kind: 'refused', retry: false, code: 'channel_bug' };
    });

  return {
    async notify(notice, tries, signal) {
      const startedAt = clock.now().getTime();
      const earlier = await notices.outcomeOf(notice);
      // One that failed is here again because an operator wants it so.
      if (earlier === 'accepted' || earlier === 'cancelled') return { kind: 'ended', outcome: earlier };
      const over = await closedBy(notice.dedupHash, notice.receivedAt);
      if (over !== undefined) return end(notice, { outcome: 'cancelled', reason: over });
      if (startedAt < notice.dueAt) return { kind: 'later', until: new Date(notice.dueAt) };
      // Its alert was never meant to live so long; that is no failure of ours.
      if (notice.expiresAt <= notice.dueAt) return end(notice, { outcome: 'cancelled', reason: 'expired' });
      if (startedAt >= notice.expiresAt)
        return end(notice, {
          outcome: 'failed',
          reason: 'expired',
          ...(notice.progress === undefined ? {} : { detail: describeProgress(notice.progress) }),
        });

      const channel = channels.get(notice.channel);
      if (channel === undefined) return end(notice, { outcome: 'failed', code: 'no_channel' });
      const pausedUntil = paused.get(channel.name) ?? 0;
      const later = (until: number, code?: string, progress?: NoticeProgress): Noticed => ({
        kind: 'later',
        until: new Date(Math.min(until, notice.expiresAt)),
        ...(code === undefined ? {} : { code }),
        ...(progress === undefined ? {} : { progress }),
      });
      if (startedAt < pausedUntil) return later(pausedUntil + pauseMs(1, random()));

      signal.throwIfAborted();
      const notified = await ask(channel, notice, signal);
      if (notified.kind === 'accepted') return end(notice, { outcome: 'accepted', ...detailOf(notified) });
      const { retry, retryAt, code, progress } = notified;
      const now = clock.now().getTime();
      if (signal.aborted) return later(now, code, progress);
      if (retryAt !== undefined) paused.set(channel.name, retryAt.getTime());
      const until = Math.max(now + pauseMs(tries, random()), retryAt?.getTime() ?? 0);
      if (retry && until < notice.expiresAt) return later(until, code, progress);
      const left = progress ?? notice.progress;
      return end(notice, { outcome: 'failed', code, ...(left === undefined ? {} : { progress: left, detail: describeProgress(left) }) });
    },
    bury: async (notice) => void (await end(notice, { outcome: 'failed', code: 'poison' })),
  };
}

/** Addresses themselves are not shown. */
function describeProgress({ remaining, refused, accepted }: NoticeProgress): string {
  return [`${accepted} address(es) accepted`, `${remaining.length} refused temporarily`, ...refused].join(', ');
}

function detailOf({ detail }: { readonly detail?: string }): { readonly detail?: string } {
  return detail === undefined ? {} : { detail };
}

/**
 * The e-mail addresses, each once, behind addresses, contacts, groups, and rotations as they stand at `now`; whoever has
 * none is left out.
 */
export function openAddresses(to: readonly string[], book: AddressBook, now: Date): string[] {
  const named = openRecipients(
    to.filter((entry) => readRecipientName(entry) !== undefined),
    book,
    now,
  ).flatMap(({ contact }) => (contact === undefined ? [] : (book.contacts.get(contact)?.email ?? [])));
  return [...new Set([...to.filter((entry) => readRecipientName(entry) === undefined), ...named])];
}
