import { randomUUID } from 'node:crypto';
import { readRecipientName } from '../../alert/parse/parse-alert.ts';
import type { Channel, NoticeProgress, Notified } from '../../channel/channel.ts';
import type { Clock } from '../../clock.ts';
import type { NoticeOutcome, Notices } from '../../ledger/notices.ts';
import type { Observer } from '../observer.ts';
import { type AddressBook, openRecipients } from '../routing/recipients.ts';
import type { RetryUntilStored } from '../sending/message-run.ts';
import { pauseMs, type WaitingNotice } from './notice.ts';

interface NotifierDeps {
  readonly channels: ReadonlyMap<string, Channel>;
  readonly notices: Notices;
  /** Returns why the alert has ended; `undefined` while it is open. */
  readonly closedBy: (dedupHash: string, receivedAt: number) => Promise<'resolved' | 'acknowledged' | undefined>;
  readonly observer: Pick<Observer, 'noticeEnded'>;
  readonly clock: Clock;
  readonly retryUntilStored: RetryUntilStored;
  /** Random number from 0 to 1. */
  readonly random: () => number;
  /** Called for an exception of a channel, which is a bug in it. */
  readonly onBug: (error: unknown, channel: string) => void;
}

export type Noticed =
  /** `code`: the channel's error, when it was called. */
  | { readonly kind: 'later'; readonly until: Date; readonly code?: string; readonly progress?: NoticeProgress }
  | ({ readonly kind: 'ended' } & NoticeEnd);

interface NoticeEnd {
  readonly outcome: NoticeOutcome;
  readonly reason?: 'resolved' | 'acknowledged' | 'expired';
  readonly code?: string;
  readonly detail?: string;
  /** For a partial failure: a replay notifies only the remaining addresses. */
  readonly progress?: NoticeProgress;
}

export interface Notifier {
  /** Processes one notice. `tries`: number of this try of its job. */
  notify(notice: WaitingNotice, tries: number, signal: AbortSignal): Promise<Noticed>;
  /** Fails a notice whose job crashed worker after worker. */
  bury(notice: WaitingNotice): Promise<void>;
}

/**
 * Notifies channels and stores and counts the results. At least once: a notice whose confirmation was lost is sent
 * again with the same id.
 */
export function createNotifier({ channels, notices, closedBy, observer, clock, retryUntilStored, random, onBug }: NotifierDeps): Notifier {
  /** Channels that asked for a pause, and its end, as far as this process knows. */
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
      // A failed notice is processed again because an operator replayed it.
      if (earlier === 'accepted' || earlier === 'cancelled') return { kind: 'ended', outcome: earlier };
      const over = await closedBy(notice.dedupHash, notice.receivedAt);
      if (over !== undefined) return end(notice, { outcome: 'cancelled', reason: over });
      if (startedAt < notice.dueAt) return { kind: 'later', until: new Date(notice.dueAt) };
      // The alert expired before this step was due; this is no failure.
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

/** Formats progress without the addresses themselves. */
function describeProgress({ remaining, refused, accepted }: NoticeProgress): string {
  return [`${accepted} address(es) accepted`, `${remaining.length} refused temporarily`, ...refused].join(', ');
}

function detailOf({ detail }: { readonly detail?: string }): { readonly detail?: string } {
  return detail === undefined ? {} : { detail };
}

/**
 * Resolves addresses, contacts, groups, and rotations at `now` to e-mail addresses without duplicates; contacts without
 * one are skipped.
 */
export function openAddresses(to: readonly string[], book: AddressBook, now: Date): string[] {
  const named = openRecipients(
    to.filter((entry) => readRecipientName(entry) !== undefined),
    book,
    now,
  ).flatMap(({ contact }) => (contact === undefined ? [] : (book.contacts.get(contact)?.email ?? [])));
  return [...new Set([...to.filter((entry) => readRecipientName(entry) === undefined), ...named])];
}
