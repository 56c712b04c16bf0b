import { hash } from '../alert/id.ts';
import { severityRank } from '../alert/severity.ts';
import { askTime } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import { type Keys, LEDGER_TTL_MS, RECEIPT_INDEX_TTL_MS, RESOLVED_TTL_MS } from '../redis/keys.ts';
import { createAckCodes } from './acknowledge/ack-codes.ts';
import { createAcknowledge } from './acknowledge/acknowledge.ts';
import { isOverScript } from './acknowledge/over-script.ts';
import { MISSED_ALERT_REASONS } from './criticals.ts';
import { lines, messageFields } from './fields.ts';
import type { MessageState, TraceAttempt, TraceEvent } from './history/trace.ts';
import { alertLine, messageLine } from './journal/journal-entry.ts';
import { LONGEST_LEASE_MS, renewLeaseScript } from './lease.ts';
import type { Addressee, ClosedAttempt, History, Ledger, Move } from './ledger.ts';
import { indexSuppressed } from './lists/ended.ts';
import { noteScript } from './lua/note-script.ts';
import { objectionScript, reopenAlertScript, reopenScript } from './lua/reopen-script.ts';
import { admitScript, DUPLICATE_ID, DUPLICATE_OF, moveScript, openAttemptScript, resolveScript, settleAlertScript } from './lua/scripts.ts';
import { createApplyReceipt } from './receipt/apply-receipt.ts';
import type { AlertCard } from './records.ts';
import { claimOf, type MessageRecord, type RoutedAlert, type SettledAlert } from './records.ts';
import { createOwed } from './resolved/owed.ts';

const MOVED = ['moved', 'ended', 'late', 'again', 'refuted', 'missing'] as const;
const SETTLED = ['known', 'recorded', 'other_content'] as const;
const OTHER_CONTENT = [{}, { otherContent: 'new' }, { otherContent: 'known' }] as const;

export function createLedger(redis: Redis, keys: Keys): Ledger {
  return {
    codes: createAckCodes(redis, keys),
    owed: createOwed(redis, keys),
    acknowledge: createAcknowledge(redis, keys),

    async admit(alert, run) {
      const { messages, channels = [] } = alert;
      const answer = await admitScript(
        redis,
        [
          keys.alert(alert.id),
          keys.inFlight(),
          keys.open(alert.dedupHash),
          keys.claims(alert.dedupHash),
          keys.resolved(alert.dedupHash),
          keys.acknowledged(alert.dedupHash),
          keys.journal(),
          keys.openMessages(),
          keys.pendingAlerts(),
          keys.pendingJob(alert.id),
          ...messages.map(({ id }) => keys.message(id)),
        ],
        [
          run,
          LEDGER_TTL_MS,
          alert.id,
          severityRank(alert.severity),
          alert.dedupeForMs,
          alert.receivedAt,
          entryOf(alert, 'routed', null, messages),
          ...(alert.dedupeForMs === 0 ? ['', ''] : duplicateLines(alert)),
          alert.content ?? '',
          otherContentLine(alert),
          channels.length,
          ...channels.flatMap((name) => [channelClaim(name), lines([duplicateEvent(alert, 'escalation', `${name}: `)])]),
          ...counted({ ...alertFields(alert), outcome: 'routed', messages: messages.map(({ id }) => id).join(' ') }),
          ...messages.flatMap((message) => [
            message.id,
            message.state === 'suppressed' ? '' : claimOf(message),
            message.state === 'queued' ? '' : bornLine(message),
            ...counted(messageFields(message)),
          ]),
        ],
      );
      switch (answer[0]) {
        case 'admitted': {
          const muted = mutedOf(answer[2], channels);
          const written = messages.map((message) => (muted.has(claimOf(message)) ? { ...message, state: 'suppressed' as const } : message));
          await indexSuppressed(redis, keys, written);
          return { kind: answer[0], fresh: answer[1] === 1, muted, ...OTHER_CONTENT[answer[3]] };
        }
        case 'settled':
          return { kind: answer[0], ...OTHER_CONTENT[answer[1]] };
        case 'duplicate':
          return { kind: answer[0], of: answer[1] };
        case 'acknowledged':
          return { kind: answer[0], by: answer[1] };
        case 'resolved':
          return { kind: answer[0] };
      }
    },

    async settleAlert(alert, run) {
      const { outcome, reason, duplicateOf } = alert;
      const settled = await settleAlertScript(
        redis,
        [keys.alert(alert.id), keys.journal(), keys.missedCriticals(), keys.pendingAlerts(), keys.pendingJob(alert.id)],
        [
          run,
          LEDGER_TTL_MS,
          entryOf(alert, outcome, reason, []),
          alert.content ?? '',
          otherContentLine(alert),
          alert.severity === 'critical' && MISSED_ALERT_REASONS.includes(reason) ? alert.id : '',
          alert.id,
          ...counted({ ...alertFields(alert), outcome, reason, ...(duplicateOf === undefined ? {} : { duplicateOf }) }),
        ],
      );
      return SETTLED[settled];
    },

    async recall(messageId) {
      const key = keys.message(messageId);
      const [now, hash] = await Promise.all([askTime(redis, key), redis.hgetall(key)]);
      if (hash.state === undefined) return undefined;
      const lease = Number(hash.lease) - now > LONGEST_LEASE_MS ? await renewLeaseScript(redis, [key], [hash.token ?? '']) : undefined;
      return historyOf(lease === undefined ? hash : { ...hash, lease: String(lease) }, Math.floor(now));
    },

    async openAttempt({ messageId, dedupHash, phoneHash, formerHashes = [], receivedAt, token, record, leaseMs, unknownsAllowed }) {
      const answer = await openAttemptScript(
        redis,
        [keys.message(messageId), keys.resolved(dedupHash), keys.optOuts(), keys.acknowledged(dedupHash)],
        [token, JSON.stringify(record), leaseMs, unknownsAllowed, receivedAt, phoneHash, ...formerHashes],
      );
      switch (answer[0]) {
        case 'opened':
          return { kind: 'opened', number: answer[1] };
        case 'ended':
          return { kind: 'ended', state: answer[1] as MessageState };
        case 'busy':
          return { kind: 'busy', until: new Date(answer[1]) };
        default:
          return { kind: answer[0] };
      }
    },

    async move(move) {
      const index = receiptIndexOf(keys, move);
      const moved = await moveScript(
        redis,
        [
          keys.message(move.messageId),
          keys.inFlight(),
          keys.open(move.dedupHash),
          keys.claims(move.dedupHash),
          index ?? keys.message(move.messageId),
          keys.unknown(),
          keys.kept(move.messageId),
          keys.acknowledged(move.dedupHash),
          keys.journal(),
          keys.heldCriticals(),
          keys.missedCriticals(),
          keys.ended('failed'),
          keys.ended(move.state),
          keys.openMessages(),
          ...partIndexesOf(keys, move),
        ],
        [
          move.run,
          move.messageId,
          move.alertId,
          move.state,
          move.attempt?.token ?? '',
          move.attempt?.number ?? '',
          move.attempt === undefined ? '' : JSON.stringify(move.attempt.record),
          move.attempt === undefined ? '' : standingOf(move.attempt.record),
          index === undefined ? '0' : RECEIPT_INDEX_TTL_MS,
          lines(move.events),
          move.keep ?? '',
          LEDGER_TTL_MS,
          messageLine({
            id: move.messageId,
            alertId: move.alertId,
            state: move.state,
            reason: move.reason ?? null,
            provider: move.accepted?.provider ?? move.attempt?.record.provider ?? null,
            attempt: move.attempt?.record ?? null,
          }),
          ...stateFields(move),
        ],
      );
      return MOVED[moved];
    },

    reopen: ({ messageId, alertId, dedupHash, lane, severity, receivedAt, dedupeForMs, number, expiresAt, event, content = '' }) =>
      reopenScript(
        redis,
        [
          keys.message(messageId),
          keys.inFlight(),
          keys.open(dedupHash),
          keys.alert(alertId),
          keys.journal(),
          keys.claims(dedupHash),
          keys.ended('failed'),
          keys.ended('expired'),
          keys.openMessages(),
        ],
        [
          messageId,
          number,
          expiresAt,
          LEDGER_TTL_MS,
          lines([event]),
          messageLine({ id: messageId, alertId, state: 'queued', reason: null, provider: null, attempt: null }),
          dedupeForMs,
          alertId,
          severityRank(severity),
          receivedAt,
          lane,
          content,
        ],
      ),

    async objection({ alertId, dedupHash, lane, severity, receivedAt, dedupeForMs }) {
      const [kind, of] = await objectionScript(
        redis,
        [keys.resolved(dedupHash), keys.acknowledged(dedupHash), keys.claims(dedupHash)],
        [receivedAt, alertId, severityRank(severity), dedupeForMs, lane],
      );
      if (kind === 'none') return undefined;
      return kind === 'duplicate' ? { kind, of: of as string } : { kind };
    },

    async reopenAlert(alertId) {
      await reopenAlertScript(redis, [keys.alert(alertId)], []);
    },

    async note(messageId, event) {
      await noteScript(redis, [keys.message(messageId)], [lines([event])]);
    },

    resolve: (dedupHash, at) =>
      resolveScript(redis, [keys.resolved(dedupHash), keys.claims(dedupHash), keys.open(dedupHash)], [at.getTime(), RESOLVED_TTL_MS]),

    async isOver(dedupHash, receivedAt) {
      const over = await isOverScript(redis, [keys.resolved(dedupHash), keys.acknowledged(dedupHash)], [receivedAt]);
      return over ?? undefined;
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

/** The claim of a channel, which must not look like that of a phone. */
function channelClaim(name: string): string {
  return `channel-${hash('channel', name)}`;
}

/** As the script answers: claim and alert id by turns. */
function mutedOf(answer: string, channels: readonly string[]): ReadonlyMap<string, string> {
  if (answer === '') return new Map();
  const words = answer.split(' ');
  const names = new Map(channels.map((name) => [channelClaim(name), name]));
  return new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[names.get(word) ?? word, words[index + 1] as string] as const] : [])));
}

type Dated = Pick<SettledAlert, 'events' | 'receivedAt'>;

/** When the run that records the alert got so far. */
function timeOf({ events, receivedAt }: Dated): string {
  return events.at(-1)?.at ?? new Date(receivedAt).toISOString();
}

function duplicateEvent(alert: Dated, stage: string, to: string): TraceEvent {
  const detail = `${to}same dedup key as alert ${DUPLICATE_OF}`;
  return { at: timeOf(alert), stage, verdict: 'suppressed', reason: 'duplicate', detail };
}

/** Of a message that is a duplicate, while others of its alert are not. */
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

/** Of a message that is put off, or has ended, from the start. */
function bornLine({ id, alertId, state, reason }: MessageRecord): string {
  return messageLine({ id, alertId, state, reason, provider: null, attempt: null });
}

function alertFields(alert: RoutedAlert | SettledAlert): Record<string, string> {
  const { severity, purpose, status, dedupKey, receivedAt, events, traceId } = alert;
  const card: AlertCard = { severity, purpose, status, dedupKey, receivedAt, ...(traceId === undefined ? {} : { traceId }) };
  return { card: JSON.stringify(card), events: lines(events) };
}

function stateFields({ reason, lastReason, until, accepted, attempt }: Move): string[] {
  const fields: Record<string, string> = {
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
  return Object.entries(fields).flat();
}

/** How an attempt counts by all that is known of it now. */
function standingOf({ result, resolution }: ClosedAttempt['record']): 'accepted' | 'refused' | 'unknown' {
  if (result !== 'unknown' || resolution === undefined) return result;
  return resolution === 'confirmed_sent' ? 'accepted' : 'refused';
}

function receiptIndexOf(keys: Keys, { accepted }: Move): string | undefined {
  return accepted?.providerMessageId === undefined ? undefined : keys.receiptIndex(accepted.provider, accepted.providerMessageId);
}

/** Of the parts after the first, whose id is the text's own. */
function partIndexesOf(keys: Keys, { accepted }: Move): string[] {
  const { provider, providerMessageId, partIds = [] } = accepted ?? {};
  if (provider === undefined || providerMessageId === undefined) return [];
  return partIds.filter((id) => id !== providerMessageId).map((id) => keys.receiptIndex(provider, id));
}

function counted(fields: Readonly<Record<string, string | number>>): (string | number)[] {
  const entries = Object.entries(fields);
  return [entries.length, ...entries.flat()];
}

function historyOf(hash: Readonly<Record<string, string>>, now: number): History {
  const attempts = Number(hash.attempts ?? 0);
  const record = (number: number) => JSON.parse(hash[`attempt:${number}`] as string) as TraceAttempt;
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
