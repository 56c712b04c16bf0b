import { DateTime } from 'luxon';
import { countSegments, cutText, type SegmentRule, shortenText } from '../../alert/segments.ts';
import { SEVERITIES, severityRank } from '../../alert/severity.ts';
import { transliterate } from '../../alert/transliterate.ts';
import type { DigestContent, DigestLine } from '../../ledger/digest/digests.ts';
import { neutraliseLinks } from '../../provider/template/neutralise-links.ts';
import type { Message } from '../message.ts';
import { mergeSimilar } from './similar-lines.ts';

/** Segments of a storm digest, and of a digest whose cap counts segments. */
export const FEW_SEGMENTS = 2;
/** Upper bound for a digest: 1,530 characters, which every free-text provider accepts. */
export const MOST_SEGMENTS = 10;
/** Maximum number of alerts named in a digest or its successor; further ones are only counted. */
export const NAMED = 200;

/** Maximum length of one alert's text in a digest, in characters. */
const LONGEST_LINE = 120;
/** Maximum length when the digest names several alerts. */
const SHORT_LINE = 60;
/** Below this size, such as one variable of a vendor's template, a digest contains only the alerts. */
const TIGHT = 100;

export interface DigestStyle {
  /** IANA time zone of the recipient, when known. */
  readonly timeZone: string | undefined;
  /** Replaces characters by GSM-7 equivalents where they exist. */
  readonly transliterate: boolean;
}

/** Size limits of one digest. */
export interface DigestRoom {
  readonly segments: number;
  /** UTF-16 units; the minimum over the providers of its route. */
  readonly characters: number;
  readonly rule: SegmentRule;
  /** Some provider of the route rejects links and host names, which are rewritten. */
  readonly noLinks?: boolean;
  /** Prefix of every alert text, such as `CRITICAL: `, for operators who compare texts with a registered template. */
  readonly opening?: string;
}

export interface DigestPlan {
  readonly text: string;
  /** Alerts that do not fit and must be named in the next digest. */
  readonly left: readonly DigestLine[];
  /** Number of alerts it names. */
  readonly named: number;
}

/**
 * Composes one text about many alerts: counts per severity, then names, criticals first. A few are written as `37
 * alerts held back since 03:02 UTC: 3 critical, 34 error. Newest: CRITICAL db-1 down; …`, more of them by severity with
 * similar ones merged: `CRITICAL disk full on db-1, db-2; db-3 unreachable. ERROR …`. Alerts that do not fit are left
 * for the next digest. Of more than {@link NAMED} alerts, the newest are named within two segments and the rest is
 * counted. The first digest of a storm announces it, the last one announces its end.
 */
export function planDigest(content: DigestContent, style: DigestStyle, room: DigestRoom): DigestPlan {
  const { count, lines } = content;
  const fits = (text: string) => text.length <= room.characters && countSegments(text, room.rule) <= room.segments;
  const unlinked = room.noLinks === true ? neutraliseLinks : (text: string) => text;
  const spell = style.transliterate ? (text: string) => transliterate(unlinked(text)) : unlinked;
  if (count > NAMED) return planStorm(content, style, room, spell);
  if (lines.length === 0) return { text: shorten(headOf(content, style, room), room), left: [], named: 0 };

  const ranked = rank(lines);
  const short = planShort(content, style, room, spell);
  if (short !== undefined) return { text: short, left: [], named: count };
  const plain = (text: string) => transliterate(unlinked(text));
  const spellings = lines.every(({ text }) => spell(text) === plain(text)) ? [spell] : [spell, plain];
  const forms = spellings.flatMap((spelling) => [LIST, MERGED].map((form) => ({ form, spelling })));
  for (const { form, spelling } of forms) {
    const text = form(content, ranked, 0, style, spelling, room);
    if (fits(text)) return { text, left: [], named: count };
  }
  const { form, spelling } = forms.at(-1) as (typeof forms)[number];
  const write = (shown: number) =>
    form(without(content, ranked.slice(shown)), ranked.slice(0, shown), ranked.length - shown, style, spelling, room);
  let shown = 0;
  let beyond = ranked.length;
  while (shown + 1 < beyond) {
    const middle = Math.floor((shown + beyond) / 2);
    if (fits(write(middle))) shown = middle;
    else beyond = middle;
  }
  // At least one, shortened if necessary: a digest that names none would be followed by an identical one.
  const named = Math.max(1, shown);
  return { text: shown > 0 ? write(shown) : shorten(nameOf(ranked[0] as DigestLine, spelling), room), left: ranked.slice(named), named };
}

type Spell = (text: string) => string;
type Form = (
  content: DigestContent,
  lines: readonly DigestLine[],
  left: number,
  style: DigestStyle,
  spell: Spell,
  room: DigestRoom,
) => string;

/** Severity by severity, each line by itself. */
const LIST = listForm((texts) => texts);
/** Lists lines by severity, similar ones merged. */
const MERGED = listForm(mergeSimilar);

function listForm(merge: (texts: readonly string[]) => readonly string[]): Form {
  return (content, lines, left, style, spell, room) => {
    const labels = [...new Set(lines.map(labelOf))];
    const isTight = room.characters < TIGHT;
    const cut = lines.length === 1 ? LONGEST_LINE : SHORT_LINE;
    const sections = labels.map((label) => {
      const texts = cutDistinct(
        lines.filter((line) => labelOf(line) === label).map(({ text }) => spell(text)),
        cut,
      );
      return isTight ? merge(texts).join('; ') : `${label} ${merge(texts).join('; ')}`;
    });
    if (isTight) return `${left > 0 ? `+${written(left)} ` : ''}${sections.join('; ')}`;
    const more = left > 0 ? ` ${written(left)} more will follow.` : '';
    return `${headOf(content, style, room)}${more} ${sections.join('. ')}`;
  };
}

/** Truncates texts, unless different ones would become equal: those keep their length. */
function cutDistinct(texts: readonly string[], length: number): string[] {
  const cut = texts.map((text) => cutText(text, length));
  return new Set(cut).size < new Set(texts).size ? [...texts] : cut;
}

/** Names all alerts, newest first, in two segments; `undefined` when they do not fit or would be truncated to equal texts. */
function planShort(content: DigestContent, style: DigestStyle, room: DigestRoom, spell: Spell): string | undefined {
  const { lines, count } = content;
  if (room.characters < TIGHT) return undefined;
  const few = { ...room, segments: Math.min(FEW_SEGMENTS, room.segments) };
  const rest = count - lines.length;
  const endings = lines.filter(isEnded);
  const order = [...lines.filter((line) => !isEnded(line)), ...endings];
  const write = (length: number) => {
    const texts = cutDistinct(
      order.map(({ text }) => spell(text)),
      length,
    );
    const names = order.map((line, index) => `${labelOf(line)} ${texts[index]}`);
    return `${headOf(content, style, room)} Newest: ${[...names, ...(rest > 0 ? [`+${written(rest)} more`] : [])].join('; ')}`;
  };
  return [LONGEST_LINE, SHORT_LINE]
    .map(write)
    .find((text) => text.length <= few.characters && countSegments(text, few.rule) <= few.segments);
}

/** Names the newest alerts within two segments, criticals first; the first one is shortened if necessary. */
function planStorm(content: DigestContent, style: DigestStyle, room: DigestRoom, spell: Spell): DigestPlan {
  const few = { ...room, segments: Math.min(FEW_SEGMENTS, room.segments) };
  const fits = (text: string) => text.length <= few.characters && countSegments(text, few.rule) <= few.segments;
  const head = headOf(content, style, room);
  const names = rank(content.lines, 'newest')
    .slice(0, MOST_IN_STORM)
    .map((line) => nameOf(line, spell));
  const write = (shown: readonly string[]): string => {
    const rest = content.count - shown.length;
    return `${head} Newest: ${[...shown, ...(rest > 0 ? [`+${written(rest)} more`] : [])].join('; ')}`;
  };
  let shown = 0;
  while (shown < names.length && fits(write(names.slice(0, shown + 1)))) shown += 1;
  if (shown > 0) return { text: write(names.slice(0, shown)), left: [], named: shown };
  const [first] = names;
  return { text: shorten(first === undefined ? head : `${head} Newest: ${first}`, few), left: [], named: first === undefined ? 0 : 1 };
}

/** More than two segments can hold. */
const MOST_IN_STORM = 40;

function shorten(text: string, { segments, characters, rule }: DigestRoom): string {
  const cut = shortenText(text, segments, rule);
  return characters === Number.POSITIVE_INFINITY ? cut : cutText(cut, characters);
}

/** The part of a message that a digest stores. */
export function lineOf(message: Message, now: Date): DigestLine {
  const { id, alertId, severity, dedupHash, receivedAt } = message;
  const { instance, priority, content } = message.variables;
  const said = [instance, content].join(' ').replace(/\s+/g, ' ').trim();
  const isOver = priority === 'RESOLVED' ? { isOver: true } : {};
  return { severity, alertId, text: cutText(said, LONGEST_LINE), messageId: id, dedupHash, receivedAt, at: now.getTime(), ...isOver };
}

/** Label and text of an alert, at most {@link SHORT_LINE} long. */
function nameOf(line: DigestLine, spell: Spell): string {
  return `${labelOf(line)} ${cutText(spell(line.text), SHORT_LINE)}`;
}

function labelOf({ severity, isOver, ended }: DigestLine): string {
  if (isOver || ended === 'resolved') return 'RESOLVED';
  return ended === 'acknowledged' ? 'ACKNOWLEDGED' : severity.toUpperCase();
}

function isEnded({ ended }: DigestLine): boolean {
  return ended !== undefined;
}

/**
 * Orders criticals first and resolved alerts last; within a severity, the oldest first by default, because it has
 * waited longest.
 */
function rank(lines: readonly DigestLine[], first: 'oldest' | 'newest' = 'oldest'): DigestLine[] {
  const order = first === 'newest' ? [...lines] : lines.toReversed();
  const rankOf = (line: DigestLine) => (isEnded(line) ? -2 : line.isOver ? -1 : severityRank(line.severity));
  return order.toSorted((a, b) => rankOf(b) - rankOf(a));
}

/** Returns the content without these lines. */
function without(content: DigestContent, lines: readonly DigestLine[]): DigestContent {
  const counts = { ...content.counts };
  for (const { severity } of lines) counts[severity] -= 1;
  return { ...content, counts, count: content.count - lines.length };
}

/** Formats counts: `3 critical, 12 error`. */
export function describeCounts({ counts }: Pick<DigestContent, 'counts'>): string {
  return SEVERITIES.toReversed()
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${written(counts[severity])} ${severity}`)
    .join(', ');
}

function headOf(content: DigestContent, { timeZone }: DigestStyle, { opening = '' }: DigestRoom): string {
  const clock = clockOf(timeZone, content.closedAt);
  return opening + [...stormWords(content, clock), ...countWords(content, clock)].join(' ');
}

type ClockWords = (at: number) => string;

function stormWords({ storm, quietSince, total }: DigestContent, clock: ClockWords): string[] {
  switch (storm) {
    case 'begins':
      return ['Alert storm: further alerts come as digests.'];
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

/**
 * Formats a time as `03:02 UTC`, with the date when it differs from the day of the digest; the recipient's local time
 * has no zone name.
 */
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
