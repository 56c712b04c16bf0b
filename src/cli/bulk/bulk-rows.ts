import { type CsvError, parse } from 'csv-parse/sync';
import { CliFailure } from '../cli-failure.ts';
import { type Encoding, readLines } from './bulk-encoding.ts';

/** A row of the file by the names of the wanted columns, or what is wrong with it. */
export type BulkRow =
  | { readonly line: number; readonly values: Readonly<Record<string, string>> }
  | { readonly line: number; readonly fault: string };

export interface ReadRowsOptions {
  /** Columns that there must be. */
  readonly wanted: readonly string[];
  readonly encoding: Encoding;
  readonly onBytes: (read: number) => void;
  readonly signal: AbortSignal;
}

/** How the file is written: what parts its values, and at which place each wanted column stands. */
interface Layout {
  readonly separator: string;
  readonly width: number;
  readonly places: ReadonlyMap<string, number>;
}

/** A value of several lines is no longer than this; a quote that closes later was never meant to be open. */
const MOST_LINES = 50;

/**
 * The rows of a CSV file whose first line names the columns, a few in memory at a time. Values are trimmed. A value in quotes
 * may hold line breaks; a quote that is never closed costs its own row and not the rest of the file. A row's `line` is its first.
 * @throws {CliFailure} when a column is missing, or the file cannot be read
 */
export async function* readRows(path: string, { wanted, encoding, onBytes, signal }: ReadRowsOptions): AsyncGenerator<BulkRow> {
  let layout: Layout | undefined;
  let separator: string | undefined;
  for await (const { text, line } of joinQuoted(readLines(path, encoding, onBytes))) {
    if (signal.aborted) return;
    if (text.trim() === '') continue;
    if (layout === undefined) {
      const named = separator === undefined ? /^"?sep=(.)"?\s*$/i.exec(text)?.[1] : undefined;
      if (named === undefined) layout = readHeader(text, wanted, separator);
      else separator = named;
      continue;
    }
    const row = rowOf(parseLine(text, layout.separator), layout, wanted);
    if (row !== undefined) yield { line, ...row };
  }
  if (layout === undefined && !signal.aborted) readHeader('', wanted, separator);
}

/** Joins the lines of a quoted value; where the quote is not closed soon, the lines stay as they are. */
async function* joinQuoted(lines: AsyncIterable<string>): AsyncGenerator<{ text: string; line: number }> {
  let held: string[] = [];
  let first = 1;
  /** Until the row of one line whose quote stays open is given up, later lines are read again from the second. */
  function* settle(isEnd: boolean): Generator<{ text: string; line: number }> {
    while (held.length > 0) {
      const count = closedAfter(held);
      if (count === undefined && !isEnd && held.length < MOST_LINES) return;
      const taken = count ?? 1;
      yield { text: held.slice(0, taken).join('\n'), line: first };
      held = held.slice(taken);
      first += taken;
    }
  }
  for await (const text of lines) {
    held.push(text);
    yield* settle(false);
  }
  yield* settle(true);
}

/** How many of the lines have between them an even number of quotes. */
function closedAfter(lines: readonly string[]): number | undefined {
  let quotes = 0;
  for (const [index, text] of lines.entries()) {
    for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1;
    if (quotes % 2 === 0) return index + 1;
  }
  return undefined;
}

const NUL = '\u0000';

/** @returns the values, or why there are none: never with the values, which are phone numbers and login codes */
function parseLine(text: string, separator: string): string[] | string {
  // No text holds one, so that it can stand for the end of a record, which is the end of the text.
  if (text.includes(NUL)) return 'a NUL character (U+0000): the file is damaged, or of another encoding (--encoding)';
  try {
    const [cells = []] = parse(text, {
      trim: true,
      relax_column_count: true,
      delimiter: separator,
      record_delimiter: [NUL],
    }) as string[][];
    return cells;
  } catch (error) {
    return (error as CsvError).code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote is opened and not closed in this line'
      : 'not CSV: a quote inside a quoted value is written twice';
  }
}

function rowOf(
  cells: readonly string[] | string,
  { width, places }: Layout,
  wanted: readonly string[],
): { values: Record<string, string> } | { fault: string } | undefined {
  if (typeof cells === 'string') return { fault: cells };
  if (cells.every((cell) => cell === '')) return undefined;
  const used = cells.findLastIndex((cell) => cell !== '') + 1;
  if (used > width) return { fault: `${used} value(s) for ${width} columns` };
  const values = Object.fromEntries(wanted.map((name) => [name, cells[places.get(name) ?? -1] ?? '']));
  const empty = wanted.filter((name) => values[name] === '');
  if (empty.length > 0) return { fault: `nothing in the column ${empty.join(', ')}` };
  const damaged = wanted.filter((name) => DAMAGED.test(values[name] ?? ''));
  return damaged.length === 0
    ? { values }
    : { fault: `damaged characters in the column ${damaged.join(', ')}: export the file as UTF-8 again` };
}

/** The sign for a character that was lost, and UTF-8 that was read as Windows-1252, such as `JosÃ©`. */
const DAMAGED = /\ufffd|\u00c3[\u00a0-\u00bf]|\u00e2\u20ac[\u0080-\u00ff\u0152\u0153\u2018-\u203a\u02dc\u2122]/;

const SEPARATORS = [',', ';', '\t', '|'] as const;

/** With the separator that the file names, else with the first that yields every wanted column, else with that of most columns. */
function readHeader(text: string, wanted: readonly string[], named: string | undefined): Layout {
  const readings = (named === undefined ? SEPARATORS : [named]).map((separator) => {
    const cells = parseLine(text, separator);
    if (typeof cells === 'string') return { separator, fault: cells, names: [], missing: wanted };
    const names = cells.map((cell) => cell.replace(/[\p{Cf}\s]+/gu, ' ').trim());
    return { separator, fault: undefined, names, missing: wanted.filter((name) => placeOf(name, names) === undefined) };
  });
  const best = readings.toSorted((a, b) => a.missing.length - b.missing.length || b.names.length - a.names.length)[0];
  if (best === undefined || best.fault !== undefined) throw new CliFailure(`the first line: ${best?.fault}`);
  const { separator, names, missing } = best;
  const twice = names.find((name, index) => name !== '' && names.some((other, at) => at < index && isSame(other, name, wanted)));
  if (twice !== undefined) throw new CliFailure(`two columns are named "${twice}"`);
  if (missing.length > 0)
    throw new CliFailure(
      `the first line names no column ${missing.map((name) => `"${name}"`).join(', ')}`,
      `it must name the columns, separated by commas, semicolons or tabs: ${wanted.join(',')}`,
    );
  return { separator, width: names.length, places: new Map(wanted.map((name) => [name, placeOf(name, names) as number])) };
}

/** By the exact name, else without case. */
function placeOf(name: string, names: readonly string[]): number | undefined {
  const exact = names.indexOf(name);
  const place = exact === -1 ? names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) : exact;
  return place === -1 ? undefined : place;
}

/** Names that differ by case only are two columns where the template asks for both. */
function isSame(one: string, other: string, wanted: readonly string[]): boolean {
  if (one === other) return true;
  return one.toLowerCase() === other.toLowerCase() && !(wanted.includes(one) && wanted.includes(other));
}
