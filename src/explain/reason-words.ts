import type { OurReason, ProviderReason } from '../alert/reason.ts';
import type { KeptInbound, UnmatchedReason } from '../ledger/inbound/kept-inbound.ts';

const UNMATCHED: Readonly<Record<UnmatchedReason, string>> = {
  no_code: 'nothing: it holds no code',
  unknown_code: 'nothing: no text to this phone has this code',
  nothing_open: 'nothing: no alert is open at this phone',
  ambiguous: 'nothing: several alerts are open at this phone, and it names none',
  already_resolved: 'nothing: the alert is resolved already',
};

/** What was made of a text that came in, without a full stop. */
export function describeInbound({ kind, reason, alerts }: KeptInbound): string {
  switch (kind) {
    case 'stop':
      return 'opted out';
    case 'start':
      return 'opted in again';
    case 'acknowledged':
      return `acknowledged ${alerts.join(', ')}`;
    case 'unmatched':
      return reason === null ? 'nothing' : UNMATCHED[reason];
  }
}

interface ReasonWords {
  /** Goes on after "Not texted: ". */
  readonly because: string;
  /** What the reader can do about it, where there is something. */
  readonly todo?: string;
}

/** Every reason of the trace in plain words. */
export const REASON_WORDS: Readonly<Record<OurReason | ProviderReason, ReasonWords>> = {
  below_severity: {
    because: 'its severity is below what its route sends texts for',
    todo: 'Raise it with a higher severity, or lower minSeverity of the route (for alerts the default is critical).',
  },
  duplicate: {
    because: 'another alert with the same dedup key was raised for the same phone within dedupeFor',
    todo: 'A text goes out again when dedupeFor of the route has passed, when `sms-dispatch resolve DEDUP_KEY` ends the episode, or when the severity rises.',
  },
  acknowledged: { because: 'somebody had acknowledged the alert before the text went out' },
  resolved: { because: 'the problem was resolved before the text went out' },
  expired: {
    because: 'its time was up before it could be sent',
    todo: 'If a late text is better than none, raise expiresAfter of the route or expiresAt of the alert.',
  },
  no_recipient: {
    because: 'it names nobody who could be texted',
    todo: 'Look at the recipients of the alert, and at contacts and groups in the config.',
  },
  no_consent: {
    because: 'the contact has not agreed to get texts',
    todo: 'When they agree, set `consent: true` on the contact in the config.',
  },
  opted_out: {
    because: 'the recipient has opted out of texts',
    todo: 'The recipient undoes it by texting START to the sender. `sms-dispatch optouts list` says since when; where their START cannot reach us, `optouts remove` lets texts go out again.',
  },
  country_not_allowed: {
    because: 'the country of this number is not among `countries`, or no provider of its route may send to it',
    todo: 'Add the calling code to `countries` in the config, to those of a provider, or a provider for that country to the route.',
  },
  rate_cap_recipient: {
    because: 'this phone has had as many texts as caps.perRecipient allows',
    todo: 'Find out what raises so many alerts before you raise the cap.',
  },
  rate_cap_hour: {
    because: 'all phones together have had as many texts as caps.perHour allows',
    todo: 'Find out what raises so many alerts before you raise the cap; its criticalReserve is open to critical alerts only.',
  },
  rate_cap_source: {
    because: 'its source has raised as many texts as caps.perSource allows',
    todo: 'Find out what that source is doing before you raise the cap.',
  },
  rate_cap_country: {
    because: 'as many texts have gone to its country as caps.perCountry allows',
    todo: 'Find out who is texted there before you raise the cap.',
  },
  rate_cap_route: {
    because: 'its route has sent as many texts, to this phone or in all, as its own caps allow',
    todo: 'Find out what raises so many alerts before you raise the caps of the route.',
  },
  budget: { because: 'the money set aside for texts is spent', todo: 'Raise the budget in the config.' },
  quiet_hours: {
    because: 'it is quiet hours for the recipient',
    todo: 'What must come at night is raised with a severity that overrides quietHours, or takes a route with `quietHours: off`.',
  },
  digested: {
    because: 'it is told of in a text together with others',
    todo: "What became of that text: `sms-dispatch explain` with the digest's id.",
  },
  simulated: {
    because: 'what was raised for simulated providers is not sent by real ones, nor the reverse',
    todo: 'To send it all the same: `sms-dispatch dead replay` with its id. `dead replay --all --reason simulated` sends all of them, `dead discard` drops one.',
  },
  malformed: {
    because: 'it is not a valid alert',
    todo: 'Correct what is named below and raise it again.',
  },
  recipient: {
    because: 'the provider says that this number cannot be texted',
    todo: 'Check the number, and that it is a mobile phone in service. A do-not-disturb list of a carrier or vendor is `recipient` too: another provider may reach it.',
  },
  content: {
    because: 'the provider refused the text or its template',
    todo: "Look the provider's code up; a template must be approved and every variable filled in.",
  },
  auth: {
    because: 'the provider refused our credentials, permissions or account set-up',
    todo: "Check the credentials of this provider in the config, and its account in the vendor's console.",
  },
  balance: { because: "the provider's account is out of money", todo: "Top the account up in the vendor's console." },
  throttled: {
    because: 'the provider asked us to slow down',
    todo: 'If it happens often, set maxPerSecond of the provider to what the account is allowed, or have that raised.',
  },
  unavailable: {
    because: 'the provider could not be reached or said that it could not take the text; nothing was sent',
    todo: "Check the network from here to the provider, and the vendor's status page.",
  },
  circuit_open: {
    because: 'the provider kept failing, or refused our account, so that we let it rest; nothing was sent to it',
    todo: 'It is tried again by itself; a second provider in the route takes over meanwhile.',
  },
  unknown_outcome: {
    because: 'the text was handed over and no readable answer came back; it may have gone out',
    todo: "Ask the recipient, or look the message up in the vendor's console.",
  },
};

/** Of what only ever waits. */
const WAITING_WORDS: Readonly<Record<string, ReasonWords>> = {
  digest: { because: 'it gathers what is held back from this phone' },
  escalation: { because: 'it waits for its step of the escalation ladder' },
};

/** Words for a reason, and for a word that only a newer version writes at least the word. */
export function reasonWords(reason: string): ReasonWords {
  if (Object.hasOwn(WAITING_WORDS, reason)) return WAITING_WORDS[reason] as ReasonWords;
  return Object.hasOwn(REASON_WORDS, reason) ? REASON_WORDS[reason as keyof typeof REASON_WORDS] : { because: reason };
}
