import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { CliFailure } from '../cli-failure.ts';

/** Values of `--encoding`, named as by the WHATWG: https://encoding.spec.whatwg.org/#names-and-labels */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'windows-1252',
  'windows-1251',
  'gb18030',
  'gbk',
  'big5',
  'shift_jis',
  'euc-kr',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface BulkFile {
  /** Hash of the content: 16 hex digits. */
  readonly hash: string;
  readonly bytes: number;
  readonly encoding: Encoding;
}

/**
 * Reads the file once, whatever its size, to hash it and to find its encoding: the given one, else by the byte order mark or the
 * zeros of UTF-16, else UTF-8. Any other encoding would be a guess.
 * @throws {CliFailure} for a file that is not text, or not in its encoding
 */
export async function inspectFile(path: string, wanted: Encoding | undefined, onBytes: (read: number) => void): Promise<BulkFile> {
  const digest = createHash('sha256');
  const utf8 = createCheck('utf-8');
  let chosen: { readonly encoding: Encoding; readonly check: EncodingCheck } | undefined;
  let bytes = 0;
  let isAscii = true;
  try {
    for await (const read of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const chunk = read as Buffer;
      if (chosen === undefined) {
        refuseOtherFormats(path, chunk);
        const encoding = wanted ?? detectUtf16(chunk) ?? 'utf-8';
        chosen = { encoding, check: encoding === 'utf-8' ? utf8 : createCheck(encoding) };
      }
      digest.update(chunk);
      bytes += chunk.length;
      isAscii &&= chunk.every((byte) => byte < 0x80);
      chosen.check.add(chunk);
      if (chosen.check !== utf8) utf8.add(chunk);
      onBytes(bytes);
    }
  } catch (error) {
    throw error instanceof CliFailure ? error : unreadable(path, error);
  }
  if (chosen === undefined) throw new CliFailure(`${path} is empty`, 'its first line must name the columns');
  const { encoding, check } = chosen;
  const badLine = check.badLine();
  if (badLine !== undefined) throw notOfEncoding(path, encoding, badLine, wanted);
  if (ONE_BYTE_OR_MORE.test(encoding) && !isAscii && utf8.badLine() === undefined)
    throw new CliFailure(`${path} is UTF-8, not ${encoding}`, 'leave out --encoding');
  return { hash: digest.digest('hex').slice(0, 16), bytes, encoding };
}

const ONE_BYTE_OR_MORE = /^(?:windows|gb|big5|shift|euc)/;

function notOfEncoding(path: string, encoding: Encoding, line: number, wanted: Encoding | undefined): CliFailure {
  return new CliFailure(
    `${path} is not ${encoding.toUpperCase()}: line ${line} contains invalid bytes`,
    wanted === undefined
      ? 'save it as "CSV UTF-8", or give its encoding, such as --encoding windows-1252 or --encoding gb18030'
      : `give its encoding with --encoding: ${ENCODINGS.join(', ')}`,
  );
}

/** Rejects spreadsheets, archives and documents. @throws {CliFailure} */
function refuseOtherFormats(path: string, head: Buffer): void {
  const start = head.toString('latin1', 0, 8);
  const spreadsheet = start.startsWith('PK') || start.startsWith('\xd0\xcf\x11\xe0');
  const other = start.startsWith('%PDF') || start.startsWith('\x1f\x8b') || start.startsWith('{\\rtf');
  if (!spreadsheet && !other) return;
  throw new CliFailure(
    `${path} is not a CSV file: it is ${spreadsheet ? 'a spreadsheet (xlsx, xls, ods) or a zip archive' : 'a document or an archive'}`,
    'save the sheet as "CSV UTF-8"',
  );
}

/** Detects UTF-16 by the byte order mark, or by the zeros in every second byte of mostly Latin text, such as header and numbers. */
function detectUtf16(head: Buffer): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const sample = head.subarray(0, 4096);
  const zeros = [0, 0];
  for (const [index, byte] of sample.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const enough = Math.max(1, sample.length / 8);
  if (odd >= enough && even * 4 <= odd) return 'utf-16le';
  return even >= enough && odd * 4 <= even ? 'utf-16be' : undefined;
}

interface EncodingCheck {
  add(chunk: Buffer): void;
  /** The first line with bytes that are invalid in the encoding; call it once, at the end. */
  badLine(): number | undefined;
}

function createCheck(encoding: Encoding): EncodingCheck {
  const decoder = new TextDecoder(encoding, { ignoreBOM: true, fatal: true });
  let line = 1;
  let bad: number | undefined;
  const look = (decode: () => string, again: () => string) => {
    if (bad !== undefined) return;
    try {
      const text = decode();
      // Decoders of Windows code pages return a control character for an undefined byte.
      const at = encoding === 'utf-8' ? -1 : text.search(/[\x80-\x9f]/);
      line += countLines(at === -1 ? text : text.slice(0, at));
      if (at !== -1) bad = line;
    } catch {
      bad = line + countLines(again().split('\ufffd', 1)[0] ?? '');
    }
  };
  return {
    add: (chunk) =>
      look(
        () => decoder.decode(chunk, { stream: true }),
        () => new TextDecoder(encoding).decode(chunk),
      ),
    badLine: () => {
      look(
        () => decoder.decode(),
        () => '',
      );
      return bad;
    },
  };
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

/** Yields the lines of the file without line ends, with one chunk in memory at a time. */
export async function* readLines(path: string, encoding: Encoding, onBytes: (read: number) => void): AsyncGenerator<string> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const decoder = new TextDecoder(encoding);
  let rest = '';
  try {
    for await (const chunk of source) {
      const text = rest + decoder.decode(chunk as Buffer, { stream: true });
      // A carriage return at the end may be the first half of a line end.
      const whole = text.endsWith('\r') ? text.slice(0, -1) : text;
      const lines = whole.split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? '') + text.slice(whole.length);
      onBytes(source.bytesRead);
      yield* lines;
    }
    yield* (rest + decoder.decode()).split(/\r\n|\n|\r/);
  } catch (error) {
    throw error instanceof CliFailure ? error : unreadable(path, error);
  } finally {
    source.destroy();
  }
}

function unreadable(path: string, error: unknown): CliFailure {
  const { code } = error as NodeJS.ErrnoException;
  return new CliFailure(code === 'ENOENT' ? `file not found: ${path}` : `${path} cannot be read: ${code ?? String(error)}`);
}
