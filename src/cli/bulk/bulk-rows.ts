import { type CsvError, parse } from 'csv-parse/sync';
import { CliFailure } from '../cli-failure.ts';
import { type Encoding, readLines } from './bulk-encoding.ts';

/** A row with the values of the wanted columns, or its fault. */
export type BulkRow =
  | { readonly line: number; readonly values: Readonly<Record<string, string>> }
  | { readonly line: number; readonly fault: string };

export interface ReadRowsOptions {
  /** Required columns. */
  readonly wanted: readonly string[];
  readonly encoding: Encoding;
  readonly onBytes: (read: number) => void;
  readonly signal: AbortSignal;
}

/** Format of the file: its separator, and the position of each wanted column. */
interface Layout {
  readonly separator: string;
  readonly width: number;
  readonly places: ReadonlyMap<string, number>;
}

/** Maximum number of lines of one value; a quote that closes later was a stray one. */
const MOST_LINES = 50;

/**
 * Yields the rows of a CSV file whose first line names the columns, with a few rows in memory at a time. Values are trimmed. A quoted
 * value may contain line breaks; an unclosed quote affects only its own row. The `line` of a row is its first one.
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

/** Joins the lines of a quoted value; if the quote is not closed soon, the lines stay separate. */
async function* joinQuoted(lines: AsyncIterable<string>): AsyncGenerator<{ text: string; line: number }> {
  let held: string[] = [];
  let first = 1;
  /** Yields complete rows. A row with an unclosed quote is given up after its first line; the lines after it are read again. */
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

/** Returns after how many lines the number of quotes is even. */
function closedAfter(lines: readonly string[]): number | undefined {
  let quotes = 0;
  for (const [index, text] of lines.entries()) {
    for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1;
    if (quotes % 2 === 0) return index + 1;
  }
  return undefined;
}

const NUL = '\u0000';

/** @returns the values, or the fault; the fault never contains values, which are phone numbers and login codes */
function parseLine(text: string, separator: string): string[] | string {
  // Text contains no NUL, so that NUL can serve as the record delimiter, which never matches.
  if (text.includes(NUL)) return 'contains a NUL character (U+0000): the file is damaged, or in another encoding (--encoding)';
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
      ? 'contains an unclosed quote'
      : 'is not valid CSV: a quote inside a quoted value must be doubled';
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
  if (used > width) return { fault: `has ${used} value(s) for ${width} columns` };
  const values = Object.fromEntries(wanted.map((name) => [name, cells[places.get(name) ?? -1] ?? '']));
  const empty = wanted.filter((name) => values[name] === '');
  if (empty.length > 0) return { fault: `has no value in column ${empty.join(', ')}` };
  const damaged = wanted.filter((name) => DAMAGED.test(values[name] ?? ''));
  return damaged.length === 0
    ? { values }
    : { fault: `has damaged characters in column ${damaged.join(', ')}: export the file as UTF-8 again` };
}

/** The replacement character, or UTF-8 that was decoded as Windows-1252, such as `JosÃ©`. */
const DAMAGED = /\ufffd|\u00c3[\u00a0-\u00bf]|\u00e2\u20ac[\u0080-\u00ff\u0152\u0153\u2018-\u203a\u02dc\u2122]/;

const SEPARATORS = [',', ';', '\t', '|'] as const;

/** Reads the header with the separator that the file names, else with the first one that gives every wanted column, else the most columns. */
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
  if (twice !== undefined) throw new CliFailure(`the column "${twice}" occurs twice`);
  if (missing.length > 0)
    throw new CliFailure(
      `the first line lacks the column ${missing.map((name) => `"${name}"`).join(', ')}`,
      `it must name the columns, separated by commas, semicolons or tabs: ${wanted.join(',')}`,
    );
  return { separator, width: names.length, places: new Map(wanted.map((name) => [name, placeOf(name, names) as number])) };
}

/** Returns the position of a column by its exact name, else ignoring case. */
function placeOf(name: string, names: readonly string[]): number | undefined {
  const exact = names.indexOf(name);
  const place = exact === -1 ? names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) : exact;
  return place === -1 ? undefined : place;
}

/** Returns whether two column names are the same. Names that differ only in case are different where the template uses both. */
function isSame(one: string, other: string, wanted: readonly string[]): boolean {
  if (one === other) return true;
  return one.toLowerCase() === other.toLowerCase() && !(wanted.includes(one) && wanted.includes(other));
}
