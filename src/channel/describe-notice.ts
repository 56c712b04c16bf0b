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
    `alert: ${alertId}, route ${route}${steps > 1 ? `, step ${step} of ${steps}` : ''}, since ${new Date(receivedAt).toISOString()}`,
  ];
}

/** The whole of it as plain text. */
export function plainText(notice: Notice): string {
  return [headline(notice), ...facts(notice)].join('\n');
}
