import { DateTime } from 'luxon';
import { countSegments, cutText, type SegmentRule, shortenText } from '../../alert/segments.ts';
import { SEVERITIES, severityRank } from '../../alert/severity.ts';
import { transliterate } from '../../alert/transliterate.ts';
import type { DigestContent, DigestLine } from '../../ledger/digest/digests.ts';
import { neutraliseLinks } from '../../provider/template/neutralise-links.ts';
import type { Message } from '../message.ts';
import { mergeSimilar } from './similar-lines.ts';

/** Segments of a digest of a storm, and of one whose cap counts segments. */
export const FEW_SEGMENTS = 2;
/** The longest that a digest may be: 1,530 characters, which every provider of free text accepts. */
export const MOST_SEGMENTS = 10;
/** Up to so many alerts each have their name in a digest, or in the one after it; of more the rest is counted only. */
export const NAMED = 200;

/** Longest text of one alert in it, in characters. */
const LONGEST_LINE = 120;
/** The same where there are several. */
const SHORT_LINE = 60;
/** A room of fewer characters, such as one variable of a vendor's template, has no place for more than the alerts. */
const TIGHT = 100;

export interface DigestStyle {
  /** IANA name of the recipient's time zone, where it is known. */
  readonly timeZone: string | undefined;
  /** Says in GSM-7 what can be said in it. */
  readonly transliterate: boolean;
}

/** What fits into one digest. */
export interface DigestRoom {
  readonly segments: number;
  /** UTF-16 units; the fewest of what the providers of its route accept. */
  readonly characters: number;
  readonly rule: SegmentRule;
  /** Some provider of it refuses links and host names, which are broken up. */
  readonly noLinks?: boolean;
  /** How every alert text begins, such as `CRITICAL: `, where the operators compare texts with a registered template. */
  readonly opening?: string;
}

export interface DigestPlan {
  readonly text: string;
  /** What has no room in it and must be named in the next digest. */
  readonly left: readonly DigestLine[];
  /** Alerts that it names. */
  readonly named: number;
}

/**
 * One text about many alerts: how many of each severity, then their names, criticals first. A few are written as
 * `37 alerts held back since 03:02 UTC: 3 critical, 34 error. Newest: CRITICAL db-1 down; …`, more of them by severity and
 * with similar ones merged: `CRITICAL disk full on db-1, db-2; db-3 unreachable. ERROR …`. What does not fit is left for the
 * next digest. Of more than {@link NAMED} alerts the newest are named as far as two segments hold them, and the rest is
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
  // One at least, be it shortened: a digest that names none would be followed by the same one.
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
/** The same with similar lines as one. */
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

/** Cut to a length, unless different texts would become the same: those stay as long as they are. */
function cutDistinct(texts: readonly string[], length: number): string[] {
  const cut = texts.map((text) => cutText(text, length));
  return new Set(cut).size < new Set(texts).size ? [...texts] : cut;
}

/** All of them in the newest first order, in two segments; `undefined` where they do not fit, or would be cut to the same words. */
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

/** The newest as far as two segments hold them, criticals first; the first one is shortened if it must be. */
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

/** More than two segments ever hold. */
const MOST_IN_STORM = 40;

function shorten(text: string, { segments, characters, rule }: DigestRoom): string {
  const cut = shortenText(text, segments, rule);
  return characters === Number.POSITIVE_INFINITY ? cut : cutText(cut, characters);
}

/** What a digest keeps of a message. */
export function lineOf(message: Message, now: Date): DigestLine {
  const { id, alertId, severity, dedupHash, receivedAt } = message;
  const { instance, priority, content } = message.variables;
  const said = [instance, content].join(' ').replace(/\s+/g, ' ').trim();
  const isOver = priority === 'RESOLVED' ? { isOver: true } : {};
  return { severity, alertId, text: cutText(said, LONGEST_LINE), messageId: id, dedupHash, receivedAt, at: now.getTime(), ...isOver };
}

/** Its label and its text, at most {@link SHORT_LINE} long. */
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

/** Criticals first, what is over meanwhile last; the oldest of a severity first, because it has waited the longest. */
function rank(lines: readonly DigestLine[], first: 'oldest' | 'newest' = 'oldest'): DigestLine[] {
  const order = first === 'newest' ? [...lines] : lines.toReversed();
  const rankOf = (line: DigestLine) => (isEnded(line) ? -2 : line.isOver ? -1 : severityRank(line.severity));
  return order.toSorted((a, b) => rankOf(b) - rankOf(a));
}

/** The content that is left when these lines are not in it. */
function without(content: DigestContent, lines: readonly DigestLine[]): DigestContent {
  const counts = { ...content.counts };
  for (const { severity } of lines) counts[severity] -= 1;
  return { ...content, counts, count: content.count - lines.length };
}

/** Such as `3 critical, 12 error`. */
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
