import type { OurReason, ProviderReason } from '../alert/reason.ts';
import type { KeptInbound, UnmatchedReason } from '../ledger/inbound/kept-inbound.ts';

const UNMATCHED: Readonly<Record<UnmatchedReason, string>> = {
  no_code: 'nothing: it contains no code',
  unknown_code: 'nothing: no message to this phone has this code',
  nothing_open: 'nothing: no alert is open at this phone',
  ambiguous: 'nothing: several alerts are open at this phone, and the reply names none',
  already_resolved: 'nothing: the alert is already resolved',
};

/** Describes the effect of an inbound message, without a full stop. */
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
  /** Completes "Not texted: ". */
  readonly because: string;
  /** What the reader can do. */
  readonly todo?: string;
}

/** Plain words for every reason. */
export const REASON_WORDS: Readonly<Record<OurReason | ProviderReason, ReasonWords>> = {
  below_severity: {
    because: 'its severity is below the minimum of its route',
    todo: 'Raise it with a higher severity, or lower minSeverity of the route (for alerts the default is critical).',
  },
  duplicate: {
    because: 'another alert with the same dedup key was raised for the same phone within dedupeFor',
    todo: 'A message is sent again when dedupeFor of the route has passed, when `sms-dispatch resolve DEDUP_KEY` ends the episode, or when the severity rises.',
  },
  acknowledged: { because: 'the alert was acknowledged before the message was sent' },
  resolved: { because: 'the problem was resolved before the message was sent' },
  expired: {
    because: 'its deadline passed before it could be sent',
    todo: 'If a late message is better than none, increase expiresAfter of the route or expiresAt of the alert.',
  },
  no_recipient: {
    because: 'it has no recipient that can receive SMS',
    todo: 'Check the recipients of the alert, and contacts and groups in the config.',
  },
  no_consent: {
    because: 'the contact has not given consent',
    todo: 'With their consent, set `consent: true` on the contact in the config.',
  },
  opted_out: {
    because: 'the recipient has opted out',
    todo: 'The recipient can opt in again by texting START to the sender. `sms-dispatch optouts list` shows since when; if their START cannot reach us, use `optouts remove`.',
  },
  country_not_allowed: {
    because: 'the country of this number is not among `countries`, or no provider of its route may send to it',
    todo: 'Add the calling code to `countries` in the config, to those of a provider, or a provider for that country to the route.',
  },
  rate_cap_recipient: {
    because: 'this phone has reached caps.perRecipient',
    todo: 'Find out what raises so many alerts before you raise the cap.',
  },
  rate_cap_hour: {
    because: 'all phones together have reached caps.perHour',
    todo: 'Find out what raises so many alerts before you raise the cap; its criticalReserve is reserved for critical alerts.',
  },
  rate_cap_source: {
    because: 'its source has reached caps.perSource',
    todo: 'Find out what that source does before you raise the cap.',
  },
  rate_cap_country: {
    because: 'its country has reached caps.perCountry',
    todo: 'Find out who receives messages there before you raise the cap.',
  },
  rate_cap_route: {
    because: 'its route has reached its own caps, for this phone or in total',
    todo: 'Find out what raises so many alerts before you raise the caps of the route.',
  },
  budget: { because: 'the SMS budget is used up', todo: 'Raise the budget in the config.' },
  quiet_hours: {
    because: 'it is quiet hours for the recipient',
    todo: 'Messages that must arrive at night need a severity that overrides quietHours, or a route with `quietHours: off`.',
  },
  digested: {
    because: 'it is part of a digest',
    todo: 'See the outcome of the digest: `sms-dispatch explain` with its id.',
  },
  simulated: {
    because: 'messages for simulated providers are never sent by real ones, and the reverse',
    todo: 'To send it anyway: `sms-dispatch dead replay` with its id. `dead replay --all --reason simulated` sends all of them, `dead discard` drops one.',
  },
  malformed: {
    because: 'it is not a valid alert',
    todo: 'Correct the errors below and raise it again.',
  },
  recipient: {
    because: 'the provider reports that this number cannot receive SMS',
    todo: 'Check the number, and that it is a mobile phone in service. Do-not-disturb lists of carriers and vendors are `recipient` too: another provider may reach it.',
  },
  content: {
    because: 'the provider rejected the content or its template',
    todo: 'Look up the code of the provider; a template must be approved, with a value for every variable.',
  },
  auth: {
    because: 'the provider rejected our credentials, permissions or account set-up',
    todo: "Check the credentials of this provider in the config, and its account in the vendor's console.",
  },
  balance: { because: "the provider's account is out of money", todo: "Top up the account in the vendor's console." },
  throttled: {
    because: 'the provider asked us to slow down',
    todo: 'If it happens often, set maxPerSecond of the provider to what the account is allowed, or have that limit raised.',
  },
  unavailable: {
    because: 'the provider could not be reached or was unavailable; nothing was sent',
    todo: "Check the network from here to the provider, and the vendor's status page.",
  },
  circuit_open: {
    because: 'the provider kept failing or rejected our account, so its circuit is open; no request was made',
    todo: 'It is retried automatically; a second provider in the route takes over meanwhile.',
  },
  unknown_outcome: {
    because: 'the request was sent and no readable response came back; the message may have been sent',
    todo: "Ask the recipient, or look up the message in the vendor's console.",
  },
};

/** Words for reasons of deferral only. */
const WAITING_WORDS: Readonly<Record<string, ReasonWords>> = {
  digest: { because: 'the digest collects alerts that are held back from this phone' },
  escalation: { because: 'its escalation step is not due yet' },
};

/** Returns the words for a reason; for an unknown reason of a newer version, the reason itself. */
export function reasonWords(reason: string): ReasonWords {
  if (Object.hasOwn(WAITING_WORDS, reason)) return WAITING_WORDS[reason] as ReasonWords;
  return Object.hasOwn(REASON_WORDS, reason) ? REASON_WORDS[reason as keyof typeof REASON_WORDS] : { because: reason };
}
