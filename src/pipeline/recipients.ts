import { type E164, parsePhone } from '../alert/phone.ts';
import type { Config } from '../config/config.ts';

export type AddressBook = Pick<Config, 'contacts' | 'groups' | 'defaultCountry'>;

export interface Recipient {
  readonly phone: E164;
  readonly contact?: string;
  /** What is odd about the number, which is texted all the same. */
  readonly warning?: string;
  /** A bare number needs none: its producer vouches for it. */
  readonly consent: boolean;
}

/**
 * Opens contacts and groups, each phone once. A phone that is named bare as well as through a contact without consent
 * is the producer's to vouch for. Entries have been checked by `parseAlert`.
 */
export function openRecipients(to: readonly string[] | undefined, { contacts, groups, defaultCountry }: AddressBook): Recipient[] {
  const byPhone = new Map<E164, Recipient>();
  const add = (recipient: Recipient) => {
    const known = byPhone.get(recipient.phone);
    if (known === undefined || (!known.consent && recipient.consent)) byPhone.set(recipient.phone, { ...known, ...recipient });
  };
  const addContact = (name: string) => {
    const contact = contacts.get(name);
    if (contact !== undefined) add({ phone: contact.phone, contact: name, consent: contact.consent });
  };
  for (const entry of to ?? []) {
    const [, kind, name = ''] = /^(contact|group):(.*)$/s.exec(entry) ?? [];
    if (kind === 'contact') addContact(name);
    else if (kind === 'group') for (const member of groups.get(name) ?? []) addContact(member);
    else {
      const verdict = parsePhone(entry, defaultCountry);
      if (verdict.ok) add({ phone: verdict.phone, consent: true, ...(verdict.warning === undefined ? {} : { warning: verdict.warning }) });
    }
  }
  return [...byPhone.values()];
}
