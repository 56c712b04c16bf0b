import type { MessageState, TraceAttempt, TraceEvent } from '../ledger/history/trace.ts';
import type { AlertOutcome, ReceiptState } from '../pipeline/observer.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { StageName } from '../pipeline/stage.ts';
import { formatElapsed, formatTime, readable } from '../text/format-time.ts';
import { codes } from './conclude-message.ts';
import { reasonWords } from './reason-words.ts';

/** What it means that a stage let the alert or message go on. */
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
  'poison-gate': 'no worker died over it',
  'provider-gate': 'a provider of its kind is left',
  'expiry-gate': 'still in time',
  'country-gate': 'a country that may be texted',
  'opt-out-gate': 'has not opted out',
  'quiet-hours': 'nobody is asleep, or it is grave enough',
  escalation: 'its step of the ladder is due',
  digest: 'ready to be told together',
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

/** What happened; a colon and the reason follow where there is one. */
const VERDICTS: Readonly<Record<VerdictWord, string>> = {
  accepted: 'the provider accepted the text',
  suppressed: 'decided not to text',
  expired: 'given up',
  cancelled: 'cancelled',
  deferred: 'put off',
  retry: 'to be tried again',
  failover: 'handed to the next provider',
  skipped: 'a provider was passed over without being asked',
  opted_out: 'written down as opted out: no provider is asked to text this phone again',
  resend: 'sent again, because nobody can say whether it went out',
  unknown: 'nobody can say whether it went out',
  failed: 'given up',
  stranded: 'given up',
  settled: 'an earlier run had finished it',
  acknowledged: 'somebody takes care: what had not been sent for its dedup key is cancelled',
  replayed: 'sent on its way again by an operator',
  ignored: 'an alert with other content came with the same id',
  discarded: 'taken out of the dead letters by an operator',
  requeued: 'its job was missing from the queue, and was added again',
  restored: 'a request to a provider was written down again',
  confirmed_sent: 'it turned out that it had been sent',
  confirmed_not_sent: 'it turned out that it had not been sent',
  unclear: 'the provider could not say whether it had been sent',
  queued: 'waits for a dispatcher',
  sending: 'the provider is being asked',
  delivered: 'a receipt says that it was delivered',
  undelivered: 'a receipt says that it was not delivered',
  pending: 'a receipt says that it is on its way',
  early: 'a receipt came before the provider had answered',
  late: 'a receipt came for what had ended otherwise',
  duplicate: 'a receipt says what was known',
  reordered: 'a receipt came that an earlier one had overtaken',
  unmatched: 'a receipt came for a text that we do not know',
  forged: 'a receipt with a wrong signature was turned away',
  unreadable: 'a receipt that could not be read was turned away',
  routed: 'handed to the dispatchers, one message a phone',
  malformed: 'refused',
  planned: 'who is told when',
  closed: 'what it says is settled',
  moved: 'moved to the next digest',
};

/** One sentence without a full stop, such as `put off until 2026-11-20 04:00:00 UTC: … (rate_cap_recipient)`. */
export function describeEvent({ stage, verdict, reason, until, detail }: TraceEvent): string {
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
  return `acknowledged by ${readable(who)}: what had not been sent for its dedup key is cancelled`;
}

/** A ladder tells channels, which are no providers. */
function wordOf(stage: string, verdict: VerdictWord): string {
  return stage === 'escalation' && verdict === 'accepted' ? 'told' : VERDICTS[verdict];
}

/** One request to a provider: who was asked, what came back, after how long. */
export function describeAttempt(attempt: TraceAttempt): string {
  const { provider, startedAt, endedAt, result, reason } = attempt;
  if (result === undefined) return `${provider} asked, no answer yet`;
  const facts = [...(reason === undefined ? [] : [reason]), ...codes(attempt)];
  const took = endedAt === undefined ? '' : ` after ${formatElapsed(Date.parse(endedAt) - Date.parse(startedAt))}`;
  const why = reason === undefined ? '' : `: ${reasonWords(reason).because}`;
  return `${provider} asked, ${result}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}${took}${why}`;
}
