import { displayWidth, padToWidth } from '../text/display-width.ts';
import { formatTable } from '../text/format-table.ts';
import { formatStamp } from '../text/format-time.ts';
import { wrapText } from '../text/wrap-text.ts';
import type { Story, StoryPhone, TimelineEntry } from './story.ts';

export interface StoryFormat {
  /** Maximum line width, as far as words allow; absent: no wrapping, for programs that search the lines. */
  readonly width?: number | undefined;
  /** Emphasises the conclusion. */
  readonly emphasise?: (text: string) => string;
}

/** More would not fit on a screen. */
const PHONES_SHOWN = 20;
/** A message that a cap defers for days has hundreds of events: the first and the last ones are shown. */
const HEAD = 3;
const TAIL = 7;

/** Formats a story for one screen: conclusion, facts, timeline, and the phones when there are several. */
export function formatStory({ conclusion: { text, todo }, facts, timeline, phones }: Story, format: StoryFormat = {}): string {
  const { width, emphasise = (line) => line } = format;
  const shown = phones.length > 0 ? ['', formatPhones(phones)] : [];
  return [
    ...wrapText(text, width).map(emphasise),
    ...(todo === undefined ? [] : wrapText(todo, width)),
    '',
    formatTable(facts),
    '',
    formatTimeline(timeline, width),
    ...shown,
    '',
  ].join('\n');
}

/** One line of the timeline. */
type TimelineRow = readonly [at: string, stage: string, sentence: string];

/** Formats the timeline, one line per entry; consecutive passed checks share a line, and a long middle is omitted and counted. */
function formatTimeline(entries: readonly TimelineEntry[], width: number | undefined): string {
  const [first, ...more] = entries;
  if (first === undefined) return 'No events are recorded yet.';
  const day = first.at.slice(0, 10);
  const isOneDay = more.every(({ at }) => at.startsWith(day));
  const rows = gatherChecks(entries).map(({ at, stage, sentence }): TimelineRow => {
    const stamp = formatStamp(at);
    return [isOneDay ? stamp.slice(11) : stamp, stage, sentence];
  });
  const left = rows.length - HEAD - TAIL;
  const cut = left > 1;
  const kept = cut ? [...rows.slice(0, HEAD), ...rows.slice(-TAIL)] : rows;
  const blocks = formatRows(kept, width);
  const lines = cut ? [...blocks.slice(0, HEAD), `… ${left} more, shown by --json …`, ...blocks.slice(HEAD)] : blocks;
  return [isOneDay ? `${day}, UTC` : 'UTC', ...lines].join('\n');
}

/** Formats each row as a block whose words are aligned. */
function formatRows(rows: readonly TimelineRow[], width: number | undefined): string[] {
  const stageWidth = Math.max(...rows.map(([, stage]) => displayWidth(stage)));
  return rows.map(([at, stage, sentence]) => {
    const start = `${at}  ${padToWidth(stage, stageWidth)}  `;
    return wrapText(start + sentence, width, ' '.repeat(displayWidth(start))).join('\n');
  });
}

/** Merges consecutive passed checks into one entry. */
function gatherChecks(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const gathered: TimelineEntry[] = [];
  let passed: string[] = [];
  for (const entry of entries) {
    passed = entry.passed === undefined ? [] : [...passed, entry.passed];
    const before = passed.length > 1 ? gathered.pop() : undefined;
    gathered.push(
      before === undefined ? entry : { at: before.at, stage: 'checks', sentence: `passed: ${[...new Set(passed)].join(', ')}` },
    );
  }
  return gathered;
}

function formatPhones(phones: readonly StoryPhone[]): string {
  const rows = phones.slice(0, PHONES_SHOWN).map(({ recipient, words, messageId }) => [recipient, words, messageId]);
  const left = phones.length - rows.length;
  const more = left > 0 ? [`… and ${left} more, shown by --json …`] : [];
  return [formatTable(rows), ...more, 'For one of them: sms-dispatch explain MESSAGE_ID'].join('\n');
}
