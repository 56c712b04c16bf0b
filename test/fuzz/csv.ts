import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { AlertInput } from '../../src/alert/alert.ts';
import { AlertError, readAlert } from '../../src/alert/parse/parse-alert.ts';
import type { EnqueueResult } from '../../src/queue/producer/producer-port.ts';
import type { Random } from '../chaos/random.ts';
import { type } from '../cli/recording-deps.ts';
import { createRecord, type FuzzOptions, type FuzzResult, leaksIn, randomOf, rawWordsIn } from './fuzz.ts';
import { mutateBytes, ODD_TEXTS, PHONE } from './mutate.ts';

const DEADLINE_MS = 10_000;
const EXIT_CODES = [0, 1, 2];

interface Row {
  readonly to: string;
  readonly code: string;
}

interface Sheet {
  readonly bytes: Buffer;
  readonly options: readonly string[];
  /** The rows as they were written; absent where bytes were changed afterwards. */
  readonly rows?: readonly Row[];
  /** Lines of text that are neither empty nor the header. */
  readonly lines: number;
}

/** Runs the `bulk` command on files of many forms, and on broken ones. */
export async function fuzzCsv({ count, seed, onProgress, onEnd }: FuzzOptions): Promise<FuzzResult> {
  const dir = mkdtempSync(join(tmpdir(), 'sms-fuzz-'));
  onEnd(async () => rmSync(dir, { recursive: true, force: true }));
  const { ended, breaks, ends, broken } = createRecord();
  for (let input = 0; input < count; input++) {
    const sheet = compose(randomOf(seed, input));
    const path = join(dir, 'rows.csv');
    writeFileSync(path, sheet.bytes);
    const taken: AlertInput[] = [];
    const enqueueMany = async (alerts: readonly unknown[]): Promise<EnqueueResult[]> =>
      alerts.map((alert) => {
        const read = readAlert(alert, { strictNumbers: true });
        if (read instanceof AlertError) return { ok: false, issues: read.issues };
        taken.push(alert as AlertInput);
        return { ok: true, id: read.id as string, duplicate: false };
      });
    const began = performance.now();
    const ran = await type(['bulk', path, '--template', 'login-code', ...sheet.options], { enqueueMany }).catch((error: Error) => error);
    if (performance.now() - began > DEADLINE_MS) breaks(input, `took ${Math.round(performance.now() - began)} ms`);
    if (ran instanceof Error) breaks(input, `threw ${ran.stack}`);
    else {
      const refused = ran.stderr.split('\n').filter((line) => /^line \d+: /.test(line) && !line.endsWith('sent once'));
      const isRead = / accepted, .* rejected\n$/.test(ran.stdout);
      ended(isRead ? (refused.length === 0 ? 'every row taken' : 'some rows refused') : 'refused as a whole');
      breaks(input, ...judge(ran, isRead, refused, taken, sheet));
    }
    if (input % 500 === 0) {
      onProgress?.(input);
      await breathe();
    }
  }
  return { tried: count, ends, broken };
}

function judge(
  { code, stdout, stderr }: { code: number; stdout: string; stderr: string },
  isRead: boolean,
  refused: readonly string[],
  taken: readonly AlertInput[],
  { rows, lines, bytes }: Sheet,
): string[] {
  const complaints = [...leaksIn(stdout + stderr), ...stderr.split('\n').flatMap(rawWordsIn)];
  const file = () =>
    `: ${JSON.stringify(bytes.subarray(0, 300).toString('latin1'))} gave ${code} ${JSON.stringify(stdout + stderr).slice(0, 400)}`;
  if (!EXIT_CODES.includes(code)) complaints.push(`exit code ${code}${file()}`);
  if (!isRead && (code === 0 || stderr.trim() === '' || taken.length > 0)) complaints.push(`neither read nor refused${file()}`);
  if (isRead && (code === 0) !== (refused.length === 0)) complaints.push(`exit code ${code} with ${refused.length} refused rows${file()}`);
  if (refused.some((line) => /^line \d+: *$/.test(line))) complaints.push(`refused without a reason${file()}`);
  if (isRead && rows !== undefined) {
    const ends = taken.length + refused.length;
    if (ends !== rows.length) complaints.push(`${rows.length} rows came to ${ends} ends${file()}`);
    // What was taken says what was written: the same recipient and the same value, in the same order.
    const written = rows.map(({ to, code: value }) => `${to.trim()} ${value.trim()}`);
    let at = 0;
    for (const { to, template } of taken) {
      const said = `${String(to).trim()} ${String(template?.params?.code).trim()}`;
      const found = written.indexOf(said, at);
      if (found < 0) complaints.push(`took ${JSON.stringify(said)}, which no row says${file()}`);
      else at = found + 1;
    }
  }
  if (isRead && rows === undefined && taken.length + refused.length > lines + 1) complaints.push(`more ends than lines${file()}`);
  return complaints;
}

const CODES = [
  '1234',
  'José Müller',
  '5, 6',
  'a;b',
  'he said "hi"',
  'tab\there',
  'two\nlines',
  ' spaced ',
  '验证码',
  '😀',
  '=1+1',
  '0',
  "'",
  '1.0',
  'null',
];
const PHONES = [
  '+60123456789',
  '+60123456780',
  '+44 7700 900123',
  '+49 (1511) 234-5678',
  PHONE,
  '12',
  'nobody',
  'contact:alice',
  '60123456789.0',
  '6.01E+10',
  '',
];
const HEADERS = [
  ['to', 'code'],
  ['code', 'to'],
  ['To', 'CODE'],
  ['name', 'to', 'code'],
  ['to', 'code', ''],
  [' to ', '"code"'],
  ['to', 'cod'],
  ['to', 'to', 'code'],
];

function compose(random: Random): Sheet {
  const rows = Array.from({ length: random.between(0, 8) }, () => ({
    to: random.pick(PHONES),
    code:
      random.next() < 0.1
        ? random
            .pick(ODD_TEXTS)
            .trim()
            .replace(/\p{Surrogate}/gu, '?')
        : random.pick(CODES),
  }));
  const separator = random.pick([',', ',', ',', ';', '\t', '|']);
  const end = random.pick(['\n', '\n', '\r\n', '\r']);
  const header = random.next() < 0.7 ? ['to', 'code'] : random.pick(HEADERS);
  const quote = (value: string) =>
    random.next() < 0.2 || value.includes(separator) || /["\n\r]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const place = (name: string, row: Row) =>
    name.trim().toLowerCase().replaceAll('"', '') === 'to' ? row.to : name.toLowerCase().includes('cod') ? row.code : 'x';
  const written = [
    ...(random.next() < 0.1 ? [`sep=${separator}`] : []),
    header.join(separator),
    ...rows.flatMap((row) => [header.map((name) => quote(place(name, row))).join(separator), ...(random.next() < 0.05 ? [''] : [])]),
  ];
  const text = written.join(end) + (random.next() < 0.8 ? end : '');
  const encoding = random.pick(['utf8', 'utf8', 'utf8', 'utf8-bom', 'utf16le', 'utf16be', 'latin1'] as const);
  const bytes = encode(text, encoding);
  const options = [...(random.next() < 0.1 ? ['--encoding', random.pick(['utf-8', 'utf-16le', 'windows-1252', 'gb18030', 'x'])] : [])];
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '').length;
  const isPlain = options.length === 0 && encoding !== 'latin1' && header.filter((name) => name.trim().toLowerCase() === 'to').length === 1;
  if (random.next() < 0.5) {
    const changed = mutateBytes(bytes, random);
    return { bytes: changed, options, lines: lines + 24 };
  }
  // An empty row of a sheet is no row.
  const said = rows.filter(({ to, code }) => `${to}${code}` !== '' || header.length > 2);
  return { bytes, options, lines, ...(isPlain ? { rows: said } : {}) };
}

function encode(text: string, encoding: 'utf8' | 'utf8-bom' | 'utf16le' | 'utf16be' | 'latin1'): Buffer {
  switch (encoding) {
    case 'utf8-bom':
      return Buffer.from(`\ufeff${text}`);
    case 'utf16le':
      return Buffer.from(`\ufeff${text}`, 'utf16le');
    case 'utf16be':
      return Buffer.from(`\ufeff${text}`, 'utf16le').swap16();
    default:
      return Buffer.from(text, encoding);
  }
}
