import { readRecipientName } from '../../alert/parse/parse-alert.ts';
import { type E164, parsePhone } from '../../alert/phone/phone.ts';
import { phoneIdentity } from '../../alert/phone/phone-identity.ts';
import type { Config, Contact } from '../../config/config.ts';
import { onCall } from '../../policy/rotation.ts';

export type AddressBook = Pick<Config, 'contacts' | 'groups' | 'rotations' | 'defaultCountry'>;

/** A resolved recipient with the settings of its contact. */
export interface Recipient extends Pick<Contact, 'language' | 'timeZone' | 'quietHours'> {
  readonly phone: E164;
  readonly contact?: string;
  /** Remark about an unusual number, which is sent to anyway. */
  readonly warning?: string;
  /** True for a bare number: its producer vouches for the consent. */
  readonly consent: boolean;
  /** Consent by the producer, not by the contact. */
  readonly vouched?: true;
}

/**
 * Resolves contacts, groups, nested groups, and rotations at `now`; each phone once. For a phone given both as a bare
 * number and as a contact without consent, the producer vouches. Entries were checked by `parseAlert`.
 */
export function openRecipients(to: readonly string[] | undefined, book: AddressBook, now: Date): Recipient[] {
  const byPhone = new Map<string, Recipient>();
  const add = (recipient: Recipient) => {
    const own = phoneIdentity(recipient.phone);
    const known = byPhone.get(own);
    if (known?.consent || (known !== undefined && !recipient.consent)) return;
    byPhone.set(own, recipient.contact === undefined ? { ...known, ...recipient } : recipient);
  };
  const addContact = (name: string) => {
    const contact = book.contacts.get(name);
    if (contact !== undefined) add(recipientOf(name, contact));
  };
  const opened = new Set<string>();
  const addNamed = ({ kind, name }: NonNullable<ReturnType<typeof readRecipientName>>) => {
    if (kind === 'contact') return addContact(name);
    if (kind === 'rotation') {
      const rotation = book.rotations.get(name);
      return rotation && onCall(rotation, now).forEach(addContact);
    }
    if (opened.has(name)) return;
    opened.add(name);
    for (const member of book.groups.get(name) ?? []) addNamed(readRecipientName(member) ?? { kind: 'contact', name: member });
  };
  for (const entry of to ?? []) {
    const named = readRecipientName(entry);
    if (named !== undefined) addNamed(named);
    else {
      const verdict = parsePhone(entry, book.defaultCountry);
      if (verdict.ok) add(bare(verdict.phone, verdict.warning));
    }
  }
  return [...byPhone.values()];
}

function bare(phone: E164, warning: string | undefined): Recipient {
  return { phone, consent: true, vouched: true, ...(warning === undefined ? {} : { warning }) };
}

function recipientOf(name: string, { phone, consent, language, timeZone, quietHours }: Contact): Recipient {
  return {
    phone,
    contact: name,
    consent,
    ...(language === undefined ? {} : { language }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(quietHours === undefined ? {} : { quietHours }),
  };
}
