import { reasonWords } from '../explain/reason-words.ts';
import type { ShownEntry } from '../http/console/api.ts';
import { formatElapsed } from '../text/format-time.ts';

const SIMULATED = 'Not texted (simulated: no phone was texted)';

/** The first words of a conclusion, what a person asks for, and the rest of it. */
export function splitConclusion(text: string): { readonly head: string; readonly rest: string; readonly tone: Tone } {
  const colon = text.startsWith(SIMULATED) ? SIMULATED.length : text.slice(0, 24).indexOf(':');
  const head = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? '' : text.slice(colon + 1).trim();
  return { head, rest: rest.charAt(0).toUpperCase() + rest.slice(1), tone: toneOf(text) };
}

/** @param words what a story says of one phone among several, such as `failed (recipient) main` */
export function toneOfPhone(words: string): Tone {
  if (/\b(accepted|delivered)\b/.test(words)) return 'good';
  if (/\b(failed|undelivered|expired|unknown)\b/.test(words)) return 'bad';
  return /\b(queued|deferred|sending)\b/.test(words) ? 'wait' : 'plain';
}

function toneOf(text: string): Tone {
  if (/^Texted/.test(text)) return 'good';
  if (/^Not texted \(simulated/.test(text)) return 'plain';
  if (/^(Not texted yet|Being texted)/.test(text)) return 'wait';
  return 'bad';
}

/** How it looks: went well, waits, went wrong, or neither. */
export type Tone = 'good' | 'wait' | 'bad' | 'plain';

interface EntryWords {
  readonly tone: Tone;
  /** One or two words, what a tired eye looks for. */
  readonly what: string;
  /** The rest of the sentence, without a full stop. */
  readonly rest: string;
  /** The word of logs and metrics. */
  readonly reason: string | null;
}

type AlertShown = Extract<ShownEntry, { kind: 'alert' }>['alert'];
type MessageShown = Extract<ShownEntry, { kind: 'message' }>['message'];

/** An entry in plain words. */
export function describeEntry(entry: ShownEntry): EntryWords {
  return entry.kind === 'alert' ? describeAlert(entry.alert) : describeMessage(entry.message);
}

/** The dedup key, where its producer chose it: what tells one alert from another at a glance. */
export function aboutOf(entry: ShownEntry): string | null {
  if (entry.kind !== 'alert') return null;
  const { dedupKey } = entry.alert;
  return dedupKey?.startsWith('auto-') ? null : dedupKey;
}

/** What its story is found by. */
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
      return { tone: 'good', what: 'Acknowledged', rest: 'what had not been sent is cancelled', reason };
    case 'suppressed':
      return { tone: 'plain', what: 'Not texted', rest: `${whom}: ${because(reason, 'it was not to be')}`, reason };
    case 'pending':
      return { tone: 'wait', what: 'Waiting', rest: `${whom}: no router has taken it yet`, reason };
    case 'malformed':
      return { tone: 'bad', what: 'Refused', rest: `an alert: ${because(reason, 'it is not valid')}`, reason };
  }
}

function describeMessage({ state, reason, provider, attempt, recipient }: MessageShown): EntryWords {
  const who = whoWords(recipient);
  const carrier = attempt?.provider ?? provider;
  const through = carrier === null ? '' : ` through ${carrier}`;
  switch (state) {
    case 'accepted':
      if (attempt?.simulated) return { tone: 'good', what: 'Simulated', rest: `no phone was texted: ${who}${through}`, reason };
      return { tone: 'good', what: 'Texted', rest: `${who}${through}${tookWords(attempt)}`, reason };
    case 'delivered':
      return { tone: 'good', what: 'Delivered', rest: `to ${who}, says a receipt`, reason };
    case 'undelivered':
      return { tone: 'bad', what: 'Not delivered', rest: `to ${who}, says a receipt${through}`, reason };
    case 'unknown':
      return { tone: 'bad', what: 'Perhaps texted', rest: `${who}${through}: ${because(reason, 'nobody knows')}`, reason };
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
      return attempt === null ? { tone: 'wait', what: 'On its way', rest: `to ${who}`, reason } : refusedWords(who, attempt);
  }
}

/** `+60*******789 (alice)` → `alice (+60*******789)`: a person looks for the name. */
function whoWords(recipient: string | null): string {
  return recipient?.replace(/^(\S+) \((.+)\)$/, '$2 ($1)') ?? 'a phone';
}

/** A provider did not take it, and the message goes on. */
function refusedWords(who: string, attempt: NonNullable<MessageShown['attempt']>): EntryWords {
  const { provider, result } = attempt;
  const reason = attempt.reason ?? null;
  const rest = `for ${who}: ${because(reason, 'no reason is known')}`;
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
