import { readRecipientName } from '../../alert/recipient-name.ts';
import { type AddressBook, openRecipients } from '../routing/recipients.ts';

/**
 * The e-mail addresses, each once, behind addresses, contacts, groups, and rotations as they stand at `now`; whoever has
 * none is left out.
 */
export function openAddresses(to: readonly string[], book: AddressBook, now: Date): string[] {
  const named = openRecipients(
    to.filter((entry) => readRecipientName(entry) !== undefined),
    book,
    now,
  ).flatMap(({ contact }) => (contact === undefined ? [] : (book.contacts.get(contact)?.email ?? [])));
  return [...new Set([...to.filter((entry) => readRecipientName(entry) === undefined), ...named])];
}
