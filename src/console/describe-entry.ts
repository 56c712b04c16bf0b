import { type Conclusion, type ConclusionKind, HEADLINES } from '../explain/conclude-message.ts';
import { reasonWords } from '../explain/reason-words.ts';
import type { ShownEntry } from '../http/console/api.ts';
import type { MessageState } from '../ledger/history/history.ts';
import { formatElapsed } from '../text/format-time.ts';

/** Splits the text of a conclusion into its headline and the explanation. A newer server may send kinds unknown to this page. */
export function splitConclusion({ kind, text }: Pick<Conclusion, 'kind' | 'text'>): {
  readonly head: string;
  readonly rest: string;
  readonly tone: Tone;
} {
  const head = text.startsWith(`${HEADLINES[kind]}: `) ? HEADLINES[kind] : text;
  const rest = text.slice(head.length + 2);
  return { head, rest: rest.charAt(0).toUpperCase() + rest.slice(1), tone: TONES[kind] ?? 'plain' };
}

const TONES: Readonly<Record<ConclusionKind, Tone>> = {
  texted: 'good',
  sending: 'wait',
  waiting: 'wait',
  unknown: 'bad',
  undelivered: 'bad',
  simulated: 'plain',
  not_texted: 'bad',
};

/** Tone of one phone among several. */
export function toneOfPhone(state: MessageState): Tone {
  switch (state) {
    case 'accepted':
    case 'delivered':
      return 'good';
    case 'failed':
    case 'undelivered':
    case 'expired':
    case 'unknown':
      return 'bad';
    case 'queued':
    case 'deferred':
    case 'sending':
      return 'wait';
    case 'suppressed':
    case 'cancelled':
      return 'plain';
  }
}

/** Visual tone: success, waiting, failure, or neutral. */
export type Tone = 'good' | 'wait' | 'bad' | 'plain';

interface EntryWords {
  readonly tone: Tone;
  /** One or two words for quick scanning. */
  readonly what: string;
  /** The rest of the sentence, without a full stop. */
  readonly rest: string;
  /** Reason as in logs and metrics. */
  readonly reason: string | null;
}

type AlertShown = Extract<ShownEntry, { kind: 'alert' }>['alert'];
type MessageShown = Extract<ShownEntry, { kind: 'message' }>['message'];

/** Describes a journal entry in words. */
export function describeEntry(entry: ShownEntry): EntryWords {
  return entry.kind === 'alert' ? describeAlert(entry.alert) : describeMessage(entry.message);
}

/** Returns the dedup key if the producer chose it, to identify the alert at a glance. */
export function aboutOf(entry: ShownEntry): string | null {
  if (entry.kind !== 'alert') return null;
  const { dedupKey } = entry.alert;
  return dedupKey?.startsWith('auto-') ? null : dedupKey;
}

/** Id under which the story of an entry is found. */
export function storyIdOf(entry: ShownEntry): string {
  return entry.kind === 'alert' ? entry.alert.id : entry.message.id;
}

function describeAlert({ outcome, reason, contacts, messages, severity }: AlertShown): EntryWords {
  const whom = contacts.length === 0 ? 'an alert' : listed(contacts);
  switch (outcome) {
    case 'routed':
      return {
        tone: 'plain',
        what: 'Alert',
        rest: `${severity}${contacts.length === 0 ? '' : ` for ${whom}`}, ${messages === 1 ? '1 text' : `${messages} texts`} to send`,
        reason,
      };
    case 'acknowledged':
      return { tone: 'good', what: 'Acknowledged', rest: 'unsent messages were cancelled', reason };
    case 'suppressed':
      return { tone: 'plain', what: 'Not texted', rest: `${whom}: ${because(reason, 'suppressed')}`, reason };
    case 'pending':
      return { tone: 'wait', what: 'Waiting', rest: `${whom}: no router has processed it yet`, reason };
    case 'malformed':
      return { tone: 'bad', what: 'Rejected', rest: `an alert: ${because(reason, 'it is not valid')}`, reason };
  }
}

function describeMessage({ state, reason, provider, attempt, recipient }: MessageShown): EntryWords {
  const who = whoWords(recipient);
  const carrier = attempt?.provider ?? provider;
  const through = carrier === null ? '' : ` through ${carrier}`;
  switch (state) {
    case 'accepted':
      if (attempt?.simulated) return { tone: 'good', what: 'Simulated', rest: `nothing was sent to a phone: ${who}${through}`, reason };
      return { tone: 'good', what: 'Texted', rest: `${who}${through}${tookWords(attempt)}`, reason };
    case 'delivered':
      return { tone: 'good', what: 'Delivered', rest: `to ${who}, according to a receipt`, reason };
    case 'undelivered':
      return { tone: 'bad', what: 'Not delivered', rest: `to ${who}, according to a receipt${through}`, reason };
    case 'unknown':
      return { tone: 'bad', what: 'Perhaps texted', rest: `${who}${through}: ${because(reason, 'outcome unknown')}`, reason };
    case 'deferred':
      return { tone: 'wait', what: 'Held back', rest: `${who}: ${because(reason, 'it waits for its turn')}`, reason };
    case 'failed':
    case 'expired':
      return { tone: 'bad', what: 'Not texted', rest: `${who}: ${because(reason ?? state, state)}`, reason };
    case 'suppressed':
    case 'cancelled':
      return { tone: 'plain', what: 'Not texted', rest: `${who}: ${because(reason ?? state, state)}`, reason };
    case 'queued':
    case 'sending':
      return attempt === null ? { tone: 'wait', what: 'Pending', rest: `for ${who}`, reason } : refusedWords(who, attempt);
  }
}

/** Converts `+60*******789 (alice)` to `alice (+60*******789)`: the name comes first. */
function whoWords(recipient: string | null): string {
  return recipient?.replace(/^(\S+) \((.+)\)$/, '$2 ($1)') ?? 'a phone';
}

/** Describes a request that a provider did not accept, of a message that is still in progress. */
function refusedWords(who: string, attempt: NonNullable<MessageShown['attempt']>): EntryWords {
  const { provider, result } = attempt;
  const reason = attempt.reason ?? null;
  const rest = `for ${who}: ${because(reason, 'reason unknown')}`;
  return result === 'unknown'
    ? { tone: 'wait', what: 'Unclear', rest: `at ${provider}, ${rest}`, reason }
    : { tone: 'wait', what: 'Refused', rest: `by ${provider}, ${rest}`, reason };
}

function tookWords(attempt: MessageShown['attempt']): string {
  if (attempt?.endedAt === undefined) return '';
  return `, ${formatElapsed(Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt))}`;
}

function because(reason: string | null, otherwise: string): string {
  return reason === null ? otherwise : reasonWords(reason).because;
}

function listed(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}
