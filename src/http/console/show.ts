import { recipientOf } from '../../explain/story.ts';
import type { AlertHistory, HistoryAttempt, HistoryEvent, MessageHistory } from '../../ledger/history/history.ts';
import type { JournalEntry } from '../../ledger/journal/journal-entry.ts';
import type { DeadLetter } from '../../queue/dead-letters/dead-letters-port.ts';
import type { ShownAlert, ShownEntry } from './api.ts';
import { maskOwn, maskWords, shownAlertId } from './mask.ts';

/** Facts of a message that the ledger has beside its journal, and that never change. */
export interface MessageFacts {
  readonly recipient: string;
  readonly severity: string;
}

/** A journal entry, or one in the same form that the journal does not have. */
export type Showable = JournalEntry | { readonly seq: string; readonly at: Date; readonly kind: 'alert'; readonly alert: ShownAlert };

export function factsOf(message: MessageHistory): MessageFacts {
  return { recipient: maskWords(recipientOf(message)), severity: message.severity };
}

/** Masks an entry for the page: names that callers choose may be phone numbers. */
export function showEntry(entry: Showable, facts: MessageFacts | undefined): ShownEntry {
  const { seq } = entry;
  const at = entry.at.toISOString();
  if (entry.kind === 'alert') {
    const { alert } = entry;
    const dedupKey = orNull(alert.dedupKey, maskWords);
    return { seq, at, kind: 'alert', alert: { ...alert, id: shownAlertId(alert.id), dedupKey, contacts: alert.contacts.map(maskWords) } };
  }
  const { message } = entry;
  const { recipient = null, severity = null } = facts ?? {};
  const attempt = orNull(message.attempt, showAttempt);
  return { seq, at, kind: 'message', message: { ...message, alertId: shownAlertId(message.alertId), attempt, recipient, severity } };
}

export function showAlert(alert: AlertHistory): AlertHistory {
  return {
    ...alert,
    id: shownAlertId(alert.id),
    dedupKey: orNull(alert.dedupKey, maskWords),
    events: alert.events.map(showEvent),
    messages: alert.messages.map(showMessage),
  };
}

export function showMessage(message: MessageHistory): MessageHistory {
  return {
    ...message,
    alertId: shownAlertId(message.alertId),
    contact: orNull(message.contact, maskWords),
    providerMessageId: orNull(message.providerMessageId, (id) => maskOwn(id, message.to)),
    attempts: message.attempts.map(showAttempt),
    events: message.events.map(showEvent),
  };
}

export function showLetter(letter: DeadLetter): DeadLetter {
  return {
    ...letter,
    id: shownAlertId(letter.id),
    alertId: orNull(letter.alertId, shownAlertId),
    contact: orNull(letter.contact, maskWords),
    code: orNull(letter.code, maskWords),
    detail: maskWords(letter.detail),
    stored: Object.fromEntries(Object.entries(letter.stored).map(([name, value]) => [name, maskWords(value)])),
  };
}

function showEvent(event: HistoryEvent): HistoryEvent {
  return event.detail === undefined ? event : { ...event, detail: maskWords(event.detail) };
}

function showAttempt(attempt: HistoryAttempt): HistoryAttempt {
  return attempt.code === undefined ? attempt : { ...attempt, code: maskWords(attempt.code) };
}

function orNull<T, U>(value: T | null, show: (value: T) => U): U | null {
  return value === null ? null : show(value);
}
