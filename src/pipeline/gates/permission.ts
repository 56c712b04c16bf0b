import { callingCode, type E164 } from '../../alert/phone/phone.ts';
import type { OurReason } from '../../alert/reason.ts';
import type { Config, Contact } from '../../config/config.ts';
import type { Policy } from '../../policy/route.ts';
import type { Message } from '../message.ts';
import type { Recipient } from '../routing/recipients.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage, type StageName, unconcerned, type Verdict } from '../stage.ts';

/** Why a recipient may not be sent to, whatever the content. */
export interface PermissionDenial {
  readonly stage: StageName;
  readonly reason: OurReason;
  readonly detail?: string;
}

/** Checks a recipient in the router. */
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
  return { stage: 'country-gate', reason: 'country_not_allowed', detail: `+${code ?? ''} is not among the allowed countries` };
}

/** Checks a message that was routed with the consent of its contact, which may have been withdrawn since. */
export function refuseWithdrawn(
  { to, contact = '', needsConsent }: Pick<Message, 'to' | 'contact' | 'needsConsent'>,
  contacts: ReadonlyMap<string, Contact>,
): PermissionDenial | undefined {
  if (needsConsent !== true) return undefined;
  const now = contacts.get(contact);
  if (now?.consent === true && now.phone === to) return undefined;
  const since = now === undefined ? 'is no longer in the config' : now.consent ? 'has another number now' : 'has withdrawn consent';
  return { stage: 'consent-gate', reason: 'no_consent', detail: `the contact ${since}` };
}

/** Checks consent again before sending: the config may have changed while the message waited. */
export function createConsentGate(contacts: Config['contacts']): Stage<MessageSubject> {
  return {
    name: 'consent-gate',
    exec: ({ message }) => (message.needsConsent ? verdictOf(refuseWithdrawn(message, contacts)) : unconcerned),
  };
}

/** @param countries allowed calling codes; `undefined`: all */
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
