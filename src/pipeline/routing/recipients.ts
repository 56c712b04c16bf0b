import { readRecipientName } from '../../alert/parse-alert.ts';
import { type E164, parsePhone } from '../../alert/phone.ts';
import { phoneIdentity } from '../../alert/phone-identity.ts';
import type { Config, Contact } from '../../config/config.ts';
import { onCall } from '../../policy/rotation.ts';

export type AddressBook = Pick<Config, 'contacts' | 'groups' | 'rotations' | 'defaultCountry'>;

/** What a contact says of itself comes with it. */
export interface Recipient extends Pick<Contact, 'language' | 'timeZone' | 'quietHours'> {
  readonly phone: E164;
  readonly contact?: string;
  /** What is odd about the number, which is texted all the same. */
  readonly warning?: string;
  /** A bare number needs none: its producer vouches for it. */
  readonly consent: boolean;
  /** The consent is a producer's word, not the contact's own. */
  readonly vouched?: true;
}

/**
 * Opens contacts, groups, the groups in them, and rotations as they stand at `now`; each phone once. A phone that is
 * named bare as well as through a contact without consent is the producer's to vouch for. Entries have been checked by
 * `parseAlert`.
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
