import { severityRank } from '../alert/severity.ts';
import { askTime } from '../redis/clock/redis-clock.ts';
import type { Redis } from '../redis/connect.ts';
import type { Keys } from '../redis/keys.ts';
import { runChain, runStep } from '../redis/run-scripts.ts';
import { createAckCodes, createAcknowledge } from './acknowledge/acknowledge.ts';
import { readClosureScript } from './acknowledge/closure-script.ts';
import { admitStep, settleAlertStep, writtenMessages } from './admission.ts';
import { restoreScript } from './failover/restore-script.ts';
import type { HistoryAttempt, HistoryEvent } from './history/history.ts';
import { messageLine } from './journal/journal-entry.ts';
import { LONGEST_LEASE_MS, renewLeaseScript } from './lease.ts';
import type { Addressee, Admission, Ledger, Moved, Opened, Sent } from './ledger.ts';
import { indexSuppressed } from './lists/ended.ts';
import { reopenAlertScript, resolveScript } from './lua/alert-scripts.ts';
import { noteScript, objectionScript, reopenScript } from './lua/message-scripts.ts';
import { historyOf, type LostSends, moveStep, openStep } from './message-steps.ts';
import { createApplyReceipt } from './receipt/apply-receipt.ts';
import { lines, type MessageRecord } from './records.ts';
import { createResolveSubscribers } from './resolved/resolve-subscribers.ts';

export function createLedger(redis: Redis, keys: Keys): Ledger {
  const move: Ledger['move'] = async (move, slot) => {
    const step = moveStep(keys, move);
    if (slot === undefined) return runStep(redis, step);
    const [moved] = await runChain(redis, [{ step }, { step: slot }]);
    return moved as Moved;
  };

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
      const admission = await runStep(redis, admitStep(keys, alert, run));
      if (admission.kind === 'admitted') await indexSuppressed(redis, keys, writtenMessages(alert, admission));
      return admission;
    },

    async begin({ alert, run, gate, attempt, slot, onOpened }) {
      const open = openStep(keys, attempt);
      let opened: Opened | LostSends | undefined;
      const read = (reply: unknown) => {
        opened = open.read(reply);
      };
      const [admission] = await runChain(redis, [
        { step: admitStep(keys, alert, run) },
        { step: gate, after: 'admitted' },
        ...(slot === undefined ? [] : [{ step: slot, after: 'unrestricted' }]),
        { step: { ...open, read }, after: slot === undefined ? 'unrestricted' : 'held' },
        ...(onOpened === undefined ? [] : [{ step: onOpened, after: 'opened' }]),
      ]);
      // The general way restores what a failover lost.
      return { admission: admission as Admission, ...(opened === undefined || opened.kind === 'lost' ? {} : { opened }) };
    },

    settleAlert: (alert, run) => runStep(redis, settleAlertStep(keys, alert, run)),

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
      for (;;) {
        const opened = await runStep(redis, openStep(keys, request));
        if (opened.kind !== 'lost') return opened;
        for (const sent of opened.sends.trim().split('\n')) await restore(parseSent(sent));
        await redis.hdel(keys.lostSends(), request.messageId);
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
