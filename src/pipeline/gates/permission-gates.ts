import type { Config } from '../../config/config.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, unconcerned, type Verdict } from '../stage.ts';
import { type Refusal, refuseCountry, refuseWithdrawn } from './permission.ts';

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

function verdictOf(refusal: Refusal | undefined): Verdict {
  if (refusal === undefined) return pass;
  const { stage: _, ...why } = refusal;
  return { kind: 'suppressed', ...why };
}
