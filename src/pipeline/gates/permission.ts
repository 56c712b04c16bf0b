import { callingCode, type E164 } from '../../alert/phone.ts';
import type { OurReason } from '../../alert/reason.ts';
import type { Config, Contact } from '../../config/config.ts';
import type { Policy } from '../../policy/route.ts';
import type { Message } from '../message.ts';
import type { Recipient } from '../routing/recipients.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, type StageName, unconcerned, type Verdict } from '../stage.ts';

/** Why somebody is not texted, whatever there is to say. */
export interface PermissionDenial {
  readonly stage: StageName;
  readonly reason: OurReason;
  readonly detail?: string;
}

/** Of a recipient as the router opens it. */
export function refuseRecipient(
  { phone, consent }: Recipient,
  { consent: asked }: Pick<Policy, 'consent'>,
  countries: Config['countries'],
): PermissionDenial | undefined {
  if (!consent && asked !== 'exempt') return { stage: 'consent-gate', reason: 'no_consent' };
  return refuseCountry(phone, countries);
}

export function refuseCountry(phone: E164, countries: Config['countries']): PermissionDenial | undefined {
  const code = callingCode(phone);
  if (countries === undefined || (code !== undefined && countries.includes(code))) return undefined;
  return { stage: 'country-gate', reason: 'country_not_allowed', detail: `+${code ?? ''} is not among the countries that may be texted` };
}

/** Of a message that was routed on the strength of its contact's consent, which may be gone by the time it is sent. */
export function refuseWithdrawn(
  { to, contact = '', needsConsent }: Pick<Message, 'to' | 'contact' | 'needsConsent'>,
  contacts: ReadonlyMap<string, Contact>,
): PermissionDenial | undefined {
  if (needsConsent !== true) return undefined;
  const now = contacts.get(contact);
  if (now?.consent === true && now.phone === to) return undefined;
  const since = now === undefined ? 'is not in the config any more' : now.consent ? 'has another number now' : 'has withdrawn consent';
  return { stage: 'consent-gate', reason: 'no_consent', detail: `the contact ${since}` };
}

/** A message may have waited while the config changed: what its recipient wants now is what counts. */
export function createConsentGate(contacts: Config['contacts']): Stage<MessageSubject> {
  return {
    name: 'consent-gate',
    exec: ({ message }) => (message.needsConsent ? verdictOf(refuseWithdrawn(message, contacts)) : unconcerned),
  };
}

/** @param countries calling codes that may be texted; `undefined`: all */
export function createCountryGate(countries: Config['countries']): Stage<MessageSubject> {
  return {
    name: 'country-gate',
    exec: ({ message }) => (countries === undefined ? unconcerned : verdictOf(refuseCountry(message.to, countries))),
  };
}

function verdictOf(refusal: PermissionDenial | undefined): Verdict {
  if (refusal === undefined) return pass;
  const { stage: _, ...why } = refusal;
  return { kind: 'suppressed', ...why };
}
