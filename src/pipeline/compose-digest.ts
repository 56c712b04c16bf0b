import { DateTime } from 'luxon';
import { countSegments } from '../alert/segments.ts';
import { SEVERITIES } from '../alert/severity.ts';
import { cutText, shortenText } from '../alert/shorten-text.ts';
import { transliterate } from '../alert/transliterate.ts';
import type { DigestContent, DigestLine } from '../ledger/digests.ts';
import type { Message } from './message.ts';

/** The longest that a digest may be: what one costs must be known before it is written. */
export const DIGEST_SEGMENTS = 2;

/** Longest text of one alert in it, in characters. */
const LONGEST_LINE = 60;

export interface DigestStyle {
  /** IANA name of the recipient's time zone, where it is known. */
  readonly timeZone: string | undefined;
  /** Says in GSM-7 what can be said in it. */
  readonly transliterate: boolean;
}

/**
 * What is said of many alerts in one text: how many of each severity, then the newest as far as there is room, such as
 * `37 alerts held back since 03:02 UTC: 3 critical, 12 error, 22 warning. Newest: CRITICAL db-1 down; +36 more`. The first
 * of a storm says that it is one, the last that it is over.
 */
export function composeDigest(content: DigestContent, { timeZone, transliterate: plain }: DigestStyle): string {
  const clock = clockOf(timeZone, content.closedAt);
  const head = [...stormWords(content, clock), ...countWords(content, clock)].join(' ');
  const lines = content.lines.map(
    ({ severity, isOver, text }) => `${isOver ? 'RESOLVED' : severity.toUpperCase()} ${plain ? transliterate(text) : text}`,
  );
  return addLines(head, lines, content.count);
}

/** What a digest keeps of a message. */
export function lineOf({ severity, alertId, variables: { instance, priority, content } }: Message): DigestLine {
  const said = [instance, content].join(' ').replace(/\s+/g, ' ').trim();
  return { severity, alertId, text: cutText(said, LONGEST_LINE), ...(priority === 'RESOLVED' ? { isOver: true } : {}) };
}

/** Such as `3 critical, 12 error`. */
export function describeCounts({ counts }: Pick<DigestContent, 'counts'>): string {
  return SEVERITIES.toReversed()
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${written(counts[severity])} ${severity}`)
    .join(', ');
}

type ClockWords = (at: number) => string;

function stormWords({ storm, quietSince, total }: DigestContent, clock: ClockWords): string[] {
  switch (storm) {
    case 'begins':
      return ['Alert storm: what is too much now comes as digests.'];
    case 'over':
      return [`Alert storm over: nothing new since ${clock(quietSince)}; ${alerts(total)} held back in all.`];
    default:
      return [];
  }
}

function countWords(content: DigestContent, clock: ClockWords): string[] {
  const { count, firstAt } = content;
  return count === 0 ? [] : [`${alerts(count)} held back since ${clock(firstAt)}: ${describeCounts(content)}.`];
}

/** As many of the newest as fit, the first of them shortened if it must be; never more segments than a digest may take. */
function addLines(head: string, lines: readonly string[], count: number): string {
  const fits = (text: string) => countSegments(text) <= DIGEST_SEGMENTS;
  const withLines = (shown: readonly string[]): string => {
    const left = count - shown.length;
    return `${head} Newest: ${[...shown, ...(left > 0 ? [`+${written(left)} more`] : [])].join('; ')}`;
  };
  let shown = 0;
  while (shown < lines.length && fits(withLines(lines.slice(0, shown + 1)))) shown += 1;
  if (shown > 0) return withLines(lines.slice(0, shown));
  const [newest] = lines;
  return shortenText(newest === undefined ? head : `${head} Newest: ${newest}`, DIGEST_SEGMENTS, 'gsm7');
}

/** `03:02 UTC`, with the date where it is not that of the text; the recipient's own clock goes without its name. */
function clockOf(timeZone: string | undefined, closedAt: number): ClockWords {
  const zone = timeZone ?? 'UTC';
  const today = DateTime.fromMillis(closedAt, { zone });
  return (at) => {
    const then = DateTime.fromMillis(at, { zone });
    const words = then.toFormat(then.hasSame(today, 'day') ? 'HH:mm' : 'd LLL HH:mm', { locale: 'en' });
    return timeZone === undefined || timeZone === 'UTC' ? `${words} UTC` : words;
  };
}

function alerts(count: number): string {
  return `${written(count)} ${count === 1 ? 'alert' : 'alerts'}`;
}

function written(count: number): string {
  return count.toLocaleString('en-US');
}
