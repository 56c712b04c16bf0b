import type { HistoryAttempt, HistoryEvent, MessageState } from '../ledger/history/history.ts';
import type { AlertOutcome, ReceiptState } from '../pipeline/observer.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { StageName } from '../pipeline/stage.ts';
import { formatElapsed, formatTime, readable } from '../text/format-time.ts';
import { codes } from './conclude-message.ts';
import { reasonWords } from './reason-words.ts';

/** Meaning of `pass` per stage. */
const PASSED: Readonly<Record<StageName, string>> = {
  parse: 'a valid alert',
  route: 'a route matches',
  'severity-gate': 'severe enough for its route',
  'resolve-gate': 'not a resolve',
  'dedupe-gate': 'no duplicate, at least for one recipient',
  identity: 'the first alert of its id',
  recipients: 'recipients found',
  'consent-gate': 'may be texted',
  ledger: 'not sent before',
  'poison-gate': 'no worker crashed on it',
  'provider-gate': 'a provider of its kind is left',
  'expiry-gate': 'still in time',
  'country-gate': 'a country that may be texted',
  'opt-out-gate': 'has not opted out',
  'quiet-hours': 'outside of quiet hours, or severe enough',
  escalation: 'its step of the ladder is due',
  digest: 'ready to send',
  'rate-cap': 'within the rate caps',
  budget: 'within the budgets',
  dispatch: 'ready to send',
};

type VerdictWord =
  | Outcome['kind']
  | MessageState
  | AlertOutcome
  | ReceiptState
  | 'resend'
  | 'planned'
  | 'closed'
  | 'moved'
  | 'failover'
  | 'skipped'
  | 'opted_out'
  | 'acknowledged'
  | 'replayed'
  | 'ignored'
  | 'discarded'
  | 'requeued'
  | 'restored'
  | 'confirmed_sent'
  | 'confirmed_not_sent'
  | 'unclear';

/** Meaning of a verdict. A colon and the reason follow when there is one. */
const VERDICTS: Readonly<Record<VerdictWord, string>> = {
  accepted: 'the provider accepted the text',
  suppressed: 'decided not to text',
  expired: 'given up',
  cancelled: 'cancelled',
  deferred: 'deferred',
  retry: 'will be retried',
  failover: 'failed over to the next provider',
  skipped: 'a provider was skipped without a request',
  opted_out: 'stored as opted out: no provider sends to this phone any more',
  resend: 'resent, because the outcome of the first request is unknown',
  unknown: 'the outcome is unknown: it may have been sent',
  failed: 'given up',
  stranded: 'given up',
  settled: 'an earlier run had finished it',
  acknowledged: 'acknowledged: unsent messages of its dedup key are cancelled',
  replayed: 'replayed by an operator',
  ignored: 'an alert with other content came with the same id',
  discarded: 'removed from the dead letters by an operator',
  requeued: 'its job was missing from the queue and was added again',
  restored: 'a provider request was recorded again after a failover',
  confirmed_sent: 'confirmed as sent',
  confirmed_not_sent: 'confirmed as not sent',
  unclear: 'the provider could not confirm whether it had been sent',
  queued: 'waits for a dispatcher',
  sending: 'the request to the provider is in flight',
  delivered: 'a receipt confirms delivery',
  undelivered: 'a receipt reports that it was not delivered',
  pending: 'a receipt reports that it is in transit',
  early: 'a receipt arrived before the response of the provider',
  late: 'a receipt arrived for a message that had ended with another state',
  duplicate: 'a receipt repeated a known state',
  reordered: 'a receipt arrived after a newer one',
  unmatched: 'a receipt arrived for an unknown message',
  forged: 'a receipt with an invalid signature was rejected',
  unreadable: 'an unreadable receipt was rejected',
  routed: 'passed to the dispatchers, one message per phone',
  malformed: 'refused',
  planned: 'escalation planned',
  closed: 'content is final',
  moved: 'moved to the next digest',
};

/**
 * Formats an event as one sentence without a full stop, for example `deferred until 2026-11-20 04:00:00 UTC: …
 * (rate_cap_recipient)`.
 */
export function describeEvent({ stage, verdict, reason, until, detail }: HistoryEvent): string {
  const what =
    verdict === 'pass'
      ? Object.hasOwn(PASSED, stage)
        ? PASSED[stage as StageName]
        : 'passed'
      : Object.hasOwn(VERDICTS, verdict)
        ? wordOf(stage, verdict as VerdictWord)
        : verdict;
  if (stage === 'acknowledge' && verdict === 'acknowledged' && detail !== undefined) return acknowledgedBy(detail);
  const when = until === undefined ? '' : ` until ${formatTime(until)}`;
  const why = reason === undefined ? '' : `: ${reasonWords(reason).because} (${reason})`;
  return `${what}${when}${why}${detail === undefined ? '' : ` [${readable(detail)}]`}`;
}

function acknowledgedBy(who: string): string {
  return `acknowledged by ${readable(who)}: unsent messages of its dedup key are cancelled`;
}

/** Wording of a verdict; an escalation notifies channels, not providers. */
function wordOf(stage: string, verdict: VerdictWord): string {
  return stage === 'escalation' && verdict === 'accepted' ? 'notified' : VERDICTS[verdict];
}

/** Formats one request to a provider: result, codes and duration. */
export function describeAttempt(attempt: HistoryAttempt): string {
  const { provider, startedAt, endedAt, result, reason } = attempt;
  if (result === undefined) return `${provider} called, no response yet`;
  const facts = [...(reason === undefined ? [] : [reason]), ...codes(attempt)];
  const took = endedAt === undefined ? '' : ` after ${formatElapsed(Date.parse(endedAt) - Date.parse(startedAt))}`;
  const why = reason === undefined ? '' : `: ${reasonWords(reason).because}`;
  return `${provider} called, ${result}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}${took}${why}`;
}
