import { cutText } from '../alert/shorten-text.ts';
import type { Notice } from './channel.ts';

/** Ample for any text that a phone could show, and within what every channel takes. */
const LONGEST_TEXT = 1600;
const MOST_LABELS = 10;
const LONGEST_FACT = 100;

/** `CRITICAL: Database unreachable`. */
export function headline({ severity, text }: Notice): string {
  return `${severity.toUpperCase()}: ${cutText(text, LONGEST_TEXT)}`;
}

/** What else is known, a line each: where it comes from, its labels, and how it is called here. */
export function facts({ source, instance, labels, alertId, route, receivedAt, step, steps }: Notice): string[] {
  const pairs = Object.entries(labels).map(([name, value]) => cutText(`${name}=${value}`, LONGEST_FACT));
  const more = pairs.length > MOST_LABELS ? [`+${pairs.length - MOST_LABELS} more`] : [];
  const shown = [...pairs.slice(0, MOST_LABELS), ...more].join(', ');
  return [
    ...(instance === undefined ? [] : [`instance: ${cutText(instance, LONGEST_FACT)}`]),
    ...(source === undefined ? [] : [`source: ${cutText(source, LONGEST_FACT)}`]),
    ...(shown === '' ? [] : [`labels: ${shown}`]),
    `alert: ${alertId}, route ${cutText(route, LONGEST_FACT)}${steps > 1 ? `, step ${step} of ${steps}` : ''}, since ${new Date(receivedAt).toISOString()}`,
  ];
}

/** The whole of it as plain text. */
export function plainText(notice: Notice): string {
  return [headline(notice), ...facts(notice)].join('\n');
}

/**
 * The whole of it within so many characters, as `write` spells it. What is too long loses the end of its head, never the
 * last line, which holds the alert's id. No character of the alert and no escape of `write` is cut.
 */
export function textWithin(notice: Notice, maxCharacters: number, write: (text: string) => string): string {
  const lines = plainText(notice).split('\n');
  const head = lines.slice(0, -1).join('\n');
  const compose = (length: number) => write([cutText(head, length), ...lines.slice(-1)].join('\n'));
  if (compose(head.length).length <= maxCharacters) return compose(head.length);
  let fits = 0;
  let tooLong = head.length;
  while (fits + 1 < tooLong) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (compose(middle).length <= maxCharacters) fits = middle;
    else tooLong = middle;
  }
  return compose(fits);
}
