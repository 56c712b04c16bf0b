import { hash } from '../alert/id.ts';
import { severityRank } from '../alert/severity.ts';
import { askTime } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { createAckCodes, createAcknowledge } from './acknowledge/acknowledge.ts';
import { readClosureScript } from './acknowledge/closure-script.ts';
import { MISSED_ALERT_REASONS } from './criticals.ts';
import { restoreScript } from './failover/restore-script.ts';
import type { HistoryAttempt, HistoryEvent, MessageState } from './history/history.ts';
import { alertLine, messageLine } from './journal/journal-entry.ts';
import { LONGEST_LEASE_MS, renewLeaseScript } from './lease.ts';
import type { Addressee, ClosedAttempt, History, Ledger, Move, OtherContent, Sent } from './ledger.ts';
import { indexSuppressed } from './lists/ended.ts';
import { admitScript, DUPLICATE_ID, DUPLICATE_OF, reopenAlertScript, resolveScript, settleAlertScript } from './lua/alert-scripts.ts';
import { moveScript, noteScript, objectionScript, openAttemptScript, reopenScript } from './lua/message-scripts.ts';
import { createApplyReceipt } from './receipt/apply-receipt.ts';
import { type AlertCard, claimOf, lines, type MessageRecord, messageFields, type RoutedAlert, type SettledAlert } from './records.ts';
import { createResolveSubscribers } from './resolved/resolve-subscribers.ts';

export function createLedger(redis: Redis, keys: Keys): Ledger {
  const move: Ledger['move'] = (move) =>
    moveScript(redis, {
      keys: {
        message: keys.message(move.messageId),
        inFlight: keys.inFlight(),
        open: keys.open(move.dedupHash),
        claims: keys.claims(move.dedupHash),
        unknown: keys.unknown(),
        kept: keys.kept(move.messageId),
        acknowledged: keys.acknowledged(move.dedupHash),
        journal: keys.journal(),
        heldCriticals: keys.heldCriticals(),
        missedCriticals: keys.missedCriticals(),
        failed: keys.ended('failed'),
        ended: keys.ended(move.state),
        openMessages: keys.openMessages(),
        receiptIndexes: receiptIndexesOf(keys, move),
      },
      args: {
        run: move.run,
        messageId: move.messageId,
        alertId: move.alertId,
        state: move.state,
        token: move.attempt?.token,
        attempt: move.attempt?.number,
        record: move.attempt && JSON.stringify(move.attempt.record),
        result: move.attempt && standingOf(move.attempt.record),
        events: lines(move.events),
        keep: move.keep,
        journalLine: messageLine({
          id: move.messageId,
          alertId: move.alertId,
          state: move.state,
          reason: move.reason ?? null,
          provider: move.accepted?.provider ?? move.attempt?.record.provider ?? null,
          attempt: move.attempt?.record ?? null,
        }),
        fields: stateFields(move),
      },
    });

  const restore: Ledger['restore'] = async (sent) => {
    const { messageId, token, number, record, leaseUntil, move: end } = sent;
    const [restored, doubled] = restoredEvents(record);
    const done = await restoreScript(redis, {
      keys: { message: keys.message(messageId), lostSends: keys.lostSends() },
      args: {
        ...{ messageId, token, number, startedAt: record.startedAt, record: JSON.stringify(record), leaseUntil },
        hasEnded: end !== undefined,
        sent: `${JSON.stringify(sent)}\n`,
        restoredEvent: lines([restored]),
        doubledEvent: lines([doubled]),
      },
    });
    if (done.kind === 'there' || done.kind === 'kept') return done;
    const kind = done.number === number ? 'restored' : 'doubled';
    if (end?.attempt !== undefined) {
      const events = [...end.events, kind === 'restored' ? restored : doubled];
      await move({ ...end, attempt: { ...end.attempt, number: done.number }, events });
    }
    return { kind, number: done.number };
  };
  return {
    codes: createAckCodes(redis, keys),
    resolveSubscribers: createResolveSubscribers(redis, keys),
    acknowledge: createAcknowledge(redis, keys),

    async admit(alert, run) {
      const { messages, channels = [] } = alert;
      const [duplicateMessage, duplicateLine] = alert.dedupeForMs === 0 ? ['', ''] : duplicateLines(alert);
      const answer = await admitScript(redis, {
        keys: {
          alert: keys.alert(alert.id),
          inFlight: keys.inFlight(),
          open: keys.open(alert.dedupHash),
          claims: keys.claims(alert.dedupHash),
          resolved: keys.resolved(alert.dedupHash),
          acknowledged: keys.acknowledged(alert.dedupHash),
          journal: keys.journal(),
          openMessages: keys.openMessages(),
          pendingAlerts: keys.pendingAlerts(),
          pendingJob: keys.pendingJob(alert.id),
          messages: messages.map(({ id }) => keys.message(id)),
        },
        args: {
          run,
          alertId: alert.id,
          rank: severityRank(alert.severity),
          dedupeMs: alert.dedupeForMs,
          receivedAt: alert.receivedAt,
          journalLine: entryOf(alert, 'routed', null, messages),
          content: alert.content,
          otherContentEvent: otherContentLine(alert),
          duplicateEvent: duplicateMessage,
          duplicateLine,
          fields: { ...alertFields(alert), outcome: 'routed', messages: messages.map(({ id }) => id).join(' ') },
          channels: channels.map((name) => ({
            claim: channelClaim(name),
            duplicateEvent: lines([duplicateEvent(alert, 'escalation', `${name}: `)]),
          })),
          messages: messages.map((message) => ({
            id: message.id,
            claim: message.state === 'suppressed' ? undefined : claimOf(message),
            journalLine: message.state === 'queued' ? undefined : bornLine(message),
            fields: messageFields(message),
          })),
        },
      });
      switch (answer.kind) {
        case 'admitted': {
          const muted = mutedOf(answer.muted, channels);
          const written = messages.map((message) => (muted.has(claimOf(message)) ? { ...message, state: 'suppressed' as const } : message));
          await indexSuppressed(redis, keys, written);
          return { kind: answer.kind, fresh: answer.isFresh, muted, ...otherContentOf(answer.otherContent) };
        }
        case 'settled':
          return { kind: answer.kind, ...otherContentOf(answer.otherContent) };
        default:
          return answer;
      }
    },

    settleAlert(alert, run) {
      const { outcome, reason, duplicateOf } = alert;
      return settleAlertScript(redis, {
        keys: {
          alert: keys.alert(alert.id),
          journal: keys.journal(),
          missedCriticals: keys.missedCriticals(),
          pendingAlerts: keys.pendingAlerts(),
          pendingJob: keys.pendingJob(alert.id),
        },
        args: {
          run,
          alertId: alert.id,
          content: alert.content,
          otherContentEvent: otherContentLine(alert),
          journalLine: entryOf(alert, outcome, reason, []),
          isMissed: alert.severity === 'critical' && MISSED_ALERT_REASONS.includes(reason),
          fields: { ...alertFields(alert), outcome, reason, ...(duplicateOf === undefined ? {} : { duplicateOf }) },
        },
      });
    },

    async recall(messageId) {
      const key = keys.message(messageId);
      const [now, hash] = await Promise.all([askTime(redis, key), redis.hgetall(key)]);
      if (hash.state === undefined) return undefined;
      const lease =
        Number(hash.lease) - now > LONGEST_LEASE_MS
          ? await renewLeaseScript(redis, { keys: { message: key }, args: { token: hash.token ?? '' } })
          : undefined;
      return historyOf(lease === undefined ? hash : { ...hash, lease: String(lease) }, Math.floor(now));
    },

    async openAttempt(request) {
      const { messageId, dedupHash, phoneHash, formerHashes = [], receivedAt, token, record, leaseMs, unknownsAllowed } = request;
      for (;;) {
        const answer = await openAttemptScript(redis, {
          keys: {
            message: keys.message(messageId),
            resolved: keys.resolved(dedupHash),
            optOuts: keys.optOuts(),
            acknowledged: keys.acknowledged(dedupHash),
            lostSends: keys.lostSends(),
          },
          args: {
            ...{ messageId, token, record: JSON.stringify(record), leaseMs, unknownsAllowed, receivedAt },
            phoneHashes: [phoneHash, ...formerHashes],
          },
        });
        if (answer.kind === 'busy') return { kind: 'busy', until: new Date(answer.until) };
        if (answer.kind !== 'lost') return answer;
        for (const sent of answer.sends.trim().split('\n')) await restore(parseSent(sent));
        await redis.hdel(keys.lostSends(), messageId);
      }
    },

    move,
    restore,

    reopen: ({ messageId, alertId, dedupHash, lane, severity, receivedAt, dedupeForMs, number, expiresAt, event, content }) =>
      reopenScript(redis, {
        keys: {
          message: keys.message(messageId),
          inFlight: keys.inFlight(),
          open: keys.open(dedupHash),
          alert: keys.alert(alertId),
          journal: keys.journal(),
          claims: keys.claims(dedupHash),
          failed: keys.ended('failed'),
          expired: keys.ended('expired'),
          openMessages: keys.openMessages(),
        },
        args: {
          messageId,
          alertId,
          number,
          expiresAt,
          event: lines([event]),
          journalLine: messageLine({ id: messageId, alertId, state: 'queued', reason: null, provider: null, attempt: null }),
          dedupeMs: dedupeForMs,
          rank: severityRank(severity),
          receivedAt,
          lane,
          content,
        },
      }),

    async objection({ alertId, dedupHash, lane, severity, receivedAt, dedupeForMs }) {
      const objection = await objectionScript(redis, {
        keys: { resolved: keys.resolved(dedupHash), acknowledged: keys.acknowledged(dedupHash), claims: keys.claims(dedupHash) },
        args: { receivedAt, alertId, rank: severityRank(severity), dedupeMs: dedupeForMs, lane },
      });
      return objection.kind === 'none' ? undefined : objection;
    },

    reopenAlert: (alertId) => reopenAlertScript(redis, { keys: { alert: keys.alert(alertId) } }),

    note: (messageId, event) => noteScript(redis, { keys: { message: keys.message(messageId) }, args: { event: lines([event]) } }),

    resolve: (dedupHash, at) =>
      resolveScript(redis, {
        keys: { resolved: keys.resolved(dedupHash), claims: keys.claims(dedupHash), open: keys.open(dedupHash) },
        args: { at: at.getTime() },
      }),

    async closedBy(dedupHash, receivedAt) {
      const over = await readClosureScript(redis, {
        keys: { resolved: keys.resolved(dedupHash), acknowledged: keys.acknowledged(dedupHash) },
        args: { receivedAt },
      });
      return over === 'open' ? undefined : over;
    },

    applyReceipt: createApplyReceipt(redis, keys),

    async addressee(messageId) {
      const card = await redis.hget(keys.message(messageId), 'card');
      const record = JSON.parse(card ?? '{}') as Partial<MessageRecord>;
      return record.phoneHash === undefined || record.to === undefined || record.createdAt === undefined
        ? undefined
        : (record as Addressee);
    },

    async findMessage(provider, providerMessageId) {
      return (await redis.get(keys.receiptIndex(provider, providerMessageId))) ?? undefined;
    },

    async inFlight() {
      return Number((await redis.get(keys.inFlight())) ?? 0);
    },
  };
}

function entryOf(
  { id, severity, dedupKey }: RoutedAlert | SettledAlert,
  outcome: 'routed' | SettledAlert['outcome'],
  reason: string | null,
  messages: readonly MessageRecord[],
): string {
  const contacts = messages.map(({ contact }) => contact).filter((contact) => contact !== null);
  return alertLine({ id, severity, outcome, reason, dedupKey, contacts, messages: messages.length });
}

/** Parses a request that {@link restoreScript} kept. */
function parseSent(json: string): Sent {
  const sent = JSON.parse(json) as Sent;
  const { move } = sent;
  if (move === undefined) return sent;
  const { accepted, until } = move;
  return {
    ...sent,
    move: {
      ...move,
      ...(until === undefined ? {} : { until: new Date(until) }),
      ...(accepted === undefined ? {} : { accepted: { ...accepted, at: new Date(accepted.at) } }),
    },
  };
}

/** History events for a request that was lost, and for one that was lost and sent again by another run. */
function restoredEvents({ provider, startedAt }: HistoryAttempt): readonly [restored: HistoryEvent, doubled: HistoryEvent] {
  const lost = `Redis lost the request to ${provider} in a failover`;
  return [
    { at: startedAt, stage: 'ledger', verdict: 'restored', detail: lost },
    {
      at: startedAt,
      stage: 'ledger',
      verdict: 'resend',
      reason: 'unknown_outcome',
      detail: `${lost}, and another run sent the message again`,
    },
  ];
}

/** Claim of a channel, which must differ from that of a phone. */
function channelClaim(name: string): string {
  return `channel-${hash('channel', name)}`;
}

/** Parses the script's reply, which alternates claim and alert id. */
function mutedOf(answer: string, channels: readonly string[]): ReadonlyMap<string, string> {
  if (answer === '') return new Map();
  const words = answer.split(' ');
  const names = new Map(channels.map((name) => [channelClaim(name), name]));
  return new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[names.get(word) ?? word, words[index + 1] as string] as const] : [])));
}

type Dated = Pick<SettledAlert, 'events' | 'receivedAt'>;

/** Time of the run that records the alert. */
function timeOf({ events, receivedAt }: Dated): string {
  return events.at(-1)?.at ?? new Date(receivedAt).toISOString();
}

function duplicateEvent(alert: Dated, stage: string, to: string): HistoryEvent {
  const detail = `${to}same dedup key as alert ${DUPLICATE_OF}`;
  return { at: timeOf(alert), stage, verdict: 'suppressed', reason: 'duplicate', detail };
}

/** Event and journal line of a duplicate message whose alert has other messages. */
function duplicateLines(alert: RoutedAlert): [event: string, journal: string] {
  const entry = { id: DUPLICATE_ID, alertId: alert.id, state: 'suppressed', reason: 'duplicate', provider: null, attempt: null } as const;
  return [lines([duplicateEvent(alert, 'dedupe-gate', 'to this phone, ')]), messageLine(entry)];
}

function otherContentLine(alert: Dated & Pick<SettledAlert, 'status'>): string {
  const detail =
    alert.status === 'resolved'
      ? 'a resolve came with the id of this alert; it was carried out and has no history of its own'
      : 'another alert came with the id of this one; it was ignored';
  return lines([{ at: timeOf(alert), stage: 'identity', verdict: 'ignored', detail }]);
}

/** Journal line of a message that is deferred or has ended from the start. */
function bornLine({ id, alertId, state, reason }: MessageRecord): string {
  return messageLine({ id, alertId, state, reason, provider: null, attempt: null });
}

function alertFields(alert: RoutedAlert | SettledAlert): Record<string, string> {
  const { severity, purpose, status, dedupKey, receivedAt, events, traceId } = alert;
  const card: AlertCard = { severity, purpose, status, dedupKey, receivedAt, ...(traceId === undefined ? {} : { traceId }) };
  return { card: JSON.stringify(card), events: lines(events) };
}

function stateFields({ reason, lastReason, until, accepted, attempt }: Move): Record<string, string> {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(lastReason === undefined ? {} : { lastReason }),
    ...(until === undefined ? {} : { until: until.toISOString() }),
    ...(accepted === undefined
      ? {}
      : {
          provider: accepted.provider,
          acceptedAt: accepted.at.toISOString(),
          segments: String(accepted.segments),
          ...(attempt?.record.simulated ? { simulated: '1' } : {}),
          ...(accepted.providerMessageId === undefined ? {} : { providerMessageId: accepted.providerMessageId }),
          ...(accepted.partIds === undefined ? {} : { parts: JSON.stringify(accepted.partIds) }),
        }),
  };
}

/** Effective result of an attempt, including its resolution. */
function standingOf({ result, resolution }: ClosedAttempt['record']): 'accepted' | 'refused' | 'unknown' {
  if (result !== 'unknown' || resolution === undefined) return result;
  return resolution === 'confirmed_sent' ? 'accepted' : 'refused';
}

/** Receipt indexes of the message and of its further parts; the first part has the message's own id. */
function receiptIndexesOf(keys: Keys, { accepted }: Move): string[] {
  const { provider, providerMessageId, partIds = [] } = accepted ?? {};
  if (provider === undefined || providerMessageId === undefined) return [];
  return [...new Set([providerMessageId, ...partIds])].map((id) => keys.receiptIndex(provider, id));
}

function otherContentOf(otherContent: 'none' | OtherContent): { otherContent?: OtherContent } {
  return otherContent === 'none' ? {} : { otherContent };
}

function historyOf(hash: Readonly<Record<string, string>>, now: number): History {
  const attempts = Number(hash.attempts ?? 0);
  const record = (number: number) => JSON.parse(hash[`attempt:${number}`] as string) as HistoryAttempt;
  const unknown = Array.from({ length: attempts }, (_, index) => attempts - index).find((number) => hash[`result:${number}`] === 'unknown');
  return {
    state: hash.state as MessageState,
    attempts,
    unknowns: Number(hash.unknowns ?? 0),
    doubtful: unknown === undefined ? undefined : { number: unknown, record: { ...record(unknown), result: 'unknown' } },
    open:
      hash.token === undefined
        ? undefined
        : { token: hash.token, number: attempts, record: record(attempts), leaseLeftMs: Number(hash.lease) - now },
    ...(hash.digest === undefined ? {} : { digest: hash.digest }),
    ...(hash.lastReason === undefined ? {} : { lastReason: hash.lastReason }),
  };
}
