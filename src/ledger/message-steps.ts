import type { Keys } from '../redis/keys.ts';
import type { ScriptStep } from '../redis/lua-text.ts';
import type { HistoryAttempt, MessageState } from './history/history.ts';
import { messageLine } from './journal/journal-entry.ts';
import type { AttemptRequest, ClosedAttempt, History, Move, Moved, Opened } from './ledger.ts';
import { moveScript, openAttemptScript } from './lua/message-scripts.ts';
import { lines } from './records.ts';

/** A failover lost earlier requests of the message, which are in `sends`, one JSON per line. */
export interface LostSends {
  readonly kind: 'lost';
  readonly sends: string;
}

/** The step that opens an attempt, see `Ledger.openAttempt`. */
export function openStep(keys: Keys, request: AttemptRequest): ScriptStep<Opened | LostSends> {
  const { messageId, dedupHash, phoneHash, formerHashes = [], receivedAt, token, record, leaseMs, unknownsAllowed } = request;
  const step = openAttemptScript.step({
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
  const read = (reply: unknown): Opened | LostSends => {
    const answer = step.read(reply);
    return answer.kind === 'busy' ? { kind: 'busy', until: new Date(answer.until) } : answer;
  };
  return { ...step, read };
}

/** The step that closes an attempt or changes the state, see `Ledger.move`. */
export function moveStep(keys: Keys, move: Move): ScriptStep<Moved> {
  return moveScript.step({
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

/** What a later run needs to know of a message, from its hash; `now` by the Redis clock. */
export function historyOf(hash: Readonly<Record<string, string>>, now: number): History {
  const attempts = Number(hash.attempts ?? 0);
  const record = (number: number) => JSON.parse(hash[`attempt:${number}`] as string) as HistoryAttempt;
  const unknown = Array.from({ length: attempts }, (_, index) => attempts - index).find((number) => hash[`result:${number}`] === 'unknown');
  return {
    state: hash.state as MessageState,
    attempts,
    unknowns: Number(hash.unknowns ?? 0),
    unresolvedAttempt: unknown === undefined ? undefined : { number: unknown, record: { ...record(unknown), result: 'unknown' } },
    open:
      hash.token === undefined
        ? undefined
        : { token: hash.token, number: attempts, record: record(attempts), leaseLeftMs: Number(hash.lease) - now },
    ...(hash.digest === undefined ? {} : { digest: hash.digest }),
    ...(hash.lastReason === undefined ? {} : { lastReason: hash.lastReason }),
  };
}
