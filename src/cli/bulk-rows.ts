import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type CsvError, parse } from 'csv-parse/sync';
import { CliFailure } from './cli-failure.ts';

/** A row of the file by the names of its columns, or what is wrong with it. */
export type BulkRow =
  | { readonly line: number; readonly values: Readonly<Record<string, string>> }
  | { readonly line: number; readonly fault: string };

export interface BulkFile {
  /** Of its content: 16 hex digits. */
  readonly hash: string;
  readonly bytes: number;
}

/** Reads the file once, whatever its size, to know it again. @throws {CliFailure} */
export async function inspectFile(path: string, onBytes: (read: number) => void): Promise<BulkFile> {
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      digest.update(chunk);
      bytes += (chunk as Buffer).length;
      onBytes(bytes);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return { hash: digest.digest('hex').slice(0, 16), bytes };
}

export interface ReadRowsOptions {
  /** Columns that there must be. */
  readonly wanted: readonly string[];
  readonly onBytes: (read: number) => void;
  readonly signal: AbortSignal;
}

/**
 * The rows of a CSV file whose first line names the columns, a few in memory at a time. Values are trimmed. Each line is
 * read by itself, so that a quote that is never closed costs its own row and not the rest of the file; a value therefore
 * holds no line break.
 * @throws {CliFailure} when a column is missing, or the file cannot be read
 */
export async function* readRows(path: string, { wanted, onBytes, signal }: ReadRowsOptions): AsyncGenerator<BulkRow> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const lines = createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  let columns: readonly string[] | undefined;
  let line = 0;
  try {
    for await (const text of lines) {
      if (signal.aborted) return;
      line += 1;
      onBytes(source.bytesRead);
      if (text.trim() === '') continue;
      const cells = readLine(line === 1 ? text.replace(/^\ufeff/, '') : text);
      if (columns === undefined) columns = checkHeader(cells, wanted);
      else yield { line, ...rowOf(cells, columns, wanted) };
    }
    if (columns === undefined) checkHeader([], wanted);
  } catch (error) {
    throw error instanceof CliFailure ? error : unreadable(path, error);
  } finally {
    lines.close();
    source.destroy();
  }
}

/** @returns the values, or why there are none: never with the values, which are phone numbers and login codes */
function readLine(text: string): string[] | string {
  try {
    return (parse(text, { trim: true, relax_column_count: true }) as string[][])[0] ?? [];
  } catch (error) {
    return (error as CsvError).code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote is opened and not closed in this line'
      : 'not CSV: a quote inside a quoted value is written twice';
  }
}

function rowOf(
  cells: readonly string[] | string,
  columns: readonly string[],
  wanted: readonly string[],
): { values: Record<string, string> } | { fault: string } {
  if (typeof cells === 'string') return { fault: cells };
  if (cells.length !== columns.length) return { fault: `${cells.length} value(s) for ${columns.length} columns` };
  const values = Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '']));
  const empty = wanted.filter((name) => values[name] === '');
  return empty.length === 0 ? { values } : { fault: `nothing in the column ${empty.join(', ')}` };
}

function checkHeader(header: readonly string[] | string, wanted: readonly string[]): readonly string[] {
  if (typeof header === 'string') throw new CliFailure(`the first line: ${header}`);
  const twice = header.find((name, index) => header.indexOf(name) < index);
  if (twice !== undefined) throw new CliFailure(`two columns are named "${twice}"`);
  const missing = wanted.filter((name) => !header.includes(name));
  if (missing.length === 0) return header;
  throw new CliFailure(
    `the first line names no column ${missing.map((name) => `"${name}"`).join(', ')}`,
    `it must name the columns, separated by commas: ${wanted.join(',')}`,
  );
}

function unreadable(path: string, error: unknown): CliFailure {
  const { code } = error as NodeJS.ErrnoException;
  return new CliFailure(code === 'ENOENT' ? `no such file: ${path}` : `${path} cannot be read: ${code ?? String(error)}`);
}
