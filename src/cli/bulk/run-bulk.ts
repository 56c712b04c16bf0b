import { randomUUID } from 'node:crypto';
import type { AlertInput } from '../../alert/alert.ts';
import { hash } from '../../alert/id.ts';
import { type CountryCode, parsePhone } from '../../alert/phone/phone.ts';
import type { Purpose } from '../../alert/purpose.ts';
import { placeholders } from '../../alert/text.ts';
import type { Producer } from '../../queue/producer/producer-port.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommonOptions, printJson } from '../command-context.ts';
import { severityOf } from '../options/option-values.ts';
import { noSuch } from '../options/suggestions.ts';
import { createProgressLine, type ProgressLine } from '../terminal/progress-line.ts';
import { withProducer } from '../with-redis.ts';
import { type Checkpoint, dropCheckpoint, readCheckpoint, writeCheckpoint } from './bulk-checkpoint.ts';
import { type BulkFile, type Encoding, inspectFile } from './bulk-encoding.ts';
import { type BulkRow, readRows } from './bulk-rows.ts';

export interface BulkOptions extends CommonOptions {
  readonly template: string;
  readonly severity: string;
  readonly purpose: Purpose;
  readonly source?: string;
  readonly expiresAt?: string;
  readonly encoding?: Encoding;
  readonly idColumn?: string;
  readonly again?: boolean;
}

type ReadableRow = Extract<BulkRow, { values: unknown }>;

/** Rows per call to Redis. */
const BATCH = 500;

export async function bulk(deps: CliDeps, path: string, typed: BulkOptions): Promise<number> {
  const { config } = await deps.loadConfig(typed.config);
  const options = { ...typed, severity: severityOf(typed.severity, config.severityWords) };
  const template = config.templates.get(options.template);
  if (template === undefined) throw new UsageError(noSuch('template', options.template, [...config.templates.keys()]));
  const variables = placeholders(template.text);
  const progress = createProgressLine(deps.stderr);
  const file = await inspectFile(path, options.encoding, (bytes) => progress.show(`reading ${path}: ${megabytes(bytes)}`));
  const run = hash(
    'bulk',
    file.hash,
    options.template,
    options.severity,
    options.purpose,
    options.source ?? '',
    options.idColumn ?? '',
    String(options.again ?? false),
  );
  const before = await readCheckpoint(path, run);
  progress.clear();
  const again = options.again === true ? (before?.again ?? (await beginAgain(path, run))) : undefined;
  if (before !== undefined) deps.stderr.write(`continuing after line ${before.line}, where the last run was interrupted\n`);

  const interrupted = deps.interrupted?.() ?? new AbortController().signal;
  const tally = await withProducer(deps, config, (producer) =>
    offerRows(
      { path, file, run, before, variables, options, again, country: config.defaultCountry, interrupted, deps, progress },
      (alerts) => producer.enqueueMany(alerts),
    ),
  );
  progress.clear();
  if (!interrupted.aborted) await dropCheckpoint(path);

  const { taken, duplicates, refused } = tally;
  if (options.json === true)
    printJson(deps, { file: path, accepted: taken, duplicates, rejected: refused, finished: !interrupted.aborted });
  else deps.stdout.write(`${taken} accepted, ${duplicates} accepted before, ${refused} rejected\n`);
  if (interrupted.aborted) deps.stderr.write('interrupted; run the same command to continue\n');
  return refused > 0 || interrupted.aborted ? 1 : 0;
}

/** Stores the new run id before the first row, so that an interrupted run continues with the same ids. @throws {CliFailure} */
async function beginAgain(path: string, run: string): Promise<string> {
  const again = randomUUID();
  await writeCheckpoint(path, { run, line: 0, taken: 0, refused: 0, again });
  if ((await readCheckpoint(path, run))?.again === again) return again;
  throw new CliFailure(`--again cannot write ${path}.progress`, 'copy the file to a writable directory');
}

interface Offer {
  readonly path: string;
  readonly file: BulkFile;
  readonly run: string;
  readonly before: Checkpoint | undefined;
  /** Variables of the template. */
  readonly variables: readonly string[];
  readonly options: BulkOptions;
  readonly again: string | undefined;
  readonly country: CountryCode | undefined;
  readonly interrupted: AbortSignal;
  readonly deps: Pick<CliDeps, 'stderr'>;
  readonly progress: ProgressLine;
}

type Enqueue = Producer['enqueueMany'];

async function offerRows(offered: Offer, enqueue: Enqueue) {
  const { path, file, run, before, variables, options, again, interrupted, deps, progress } = offered;
  const lineOf = createLineMemory();
  const tally = { taken: before?.taken ?? 0, duplicates: 0, refused: before?.refused ?? 0 };
  const started = performance.now();
  let read = 0;
  let count = 0;
  const complain = (line: number, what: string) => {
    tally.refused += 1;
    progress.clear();
    deps.stderr.write(`line ${line}: ${what}\n`);
  };
  const offer = async (rows: readonly ReadableRow[], lastLine: number) => {
    const results = await enqueue(rows.map((row) => alertOf(row, offered)));
    for (const [index, result] of results.entries()) {
      const line = rows[index]?.line ?? 0;
      if (!result.ok) complain(line, result.issues.map(({ path: at, message }) => (at === '' ? message : `${at}: ${message}`)).join('; '));
      else if (result.duplicate) tally.duplicates += 1;
      else tally.taken += 1;
      const earlier = result.ok ? lineOf(result.id, line) : undefined;
      if (earlier !== undefined) {
        progress.clear();
        deps.stderr.write(`line ${line}: the same ${options.idColumn ?? 'recipient and content'} as line ${earlier}; sent once\n`);
      }
    }
    count += rows.length;
    await writeCheckpoint(path, { run, line: lastLine, taken: tally.taken, refused: tally.refused, again });
    progress.show(describeProgress(read, file.bytes, tally, count / ((performance.now() - started) / 1000)));
  };

  const onBytes = (bytes: number) => {
    read = bytes;
  };
  let batch: ReadableRow[] = [];
  let last = before?.line ?? 0;
  for await (const row of readRows(path, {
    wanted: wantedColumns(variables, options),
    encoding: file.encoding,
    onBytes,
    signal: interrupted,
  })) {
    if (row.line <= (before?.line ?? 0)) continue;
    last = row.line;
    if ('fault' in row) complain(row.line, row.fault);
    else batch.push(row);
    if (batch.length < BATCH) continue;
    await offer(batch, last);
    batch = [];
    if (interrupted.aborted) return tally;
  }
  if (!interrupted.aborted && batch.length > 0) await offer(batch, last);
  return tally;
}

function wantedColumns(variables: readonly string[], { idColumn }: BulkOptions): string[] {
  return [...new Set(['to', ...variables, ...(idColumn === undefined ? [] : [idColumn])])];
}

/** Maximum number of rows whose lines are kept for naming duplicates; later duplicates are only counted. */
const MOST_REMEMBERED = 100_000;

/** @returns a function that returns the line on which an id occurred before */
function createLineMemory(): (id: string, line: number) => number | undefined {
  // 48 bits of an id: a number takes a fraction of the memory of a string.
  const lines = new Map<number, number>();
  return (id, line) => {
    const key = Buffer.from(id.slice(-22), 'base64url').readUIntBE(0, 6);
    const earlier = lines.get(key);
    if (earlier === undefined && lines.size < MOST_REMEMBERED) lines.set(key, line);
    return earlier;
  };
}

/**
 * Builds the alert of a row. The same recipient, template and values, or the same value in the id column, give the same id: a row is
 * sent once, however often and from whichever file it is submitted.
 */
function alertOf({ values }: ReadableRow, { variables, options, again = '', country }: Offer): AlertInput {
  const { template, severity, purpose, source, expiresAt, idColumn } = options;
  const said = [...variables].sort().map((name) => [name, values[name] ?? '']);
  const row =
    idColumn === undefined ? ['row', recipientOf(values.to ?? '', country), JSON.stringify(said)] : ['name', values[idColumn] ?? ''];
  const id = `bulk-${hash('bulk', template, again, ...row)}`;
  return {
    id,
    // Rows with equal content are meant for different recipients, or repeated on purpose.
    dedupKey: id,
    to: values.to ?? '',
    severity,
    purpose,
    template: { name: template, params: Object.fromEntries(variables.map((name) => [name, values[name] ?? ''])) },
    ...(source === undefined ? {} : { source }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** Returns the number in E.164, so that it is the same however it is written; else the value unchanged. */
function recipientOf(written: string, country: CountryCode | undefined): string {
  const read = parsePhone(written, country);
  return read.ok ? read.phone : written;
}

const BAR = 24;

function describeProgress(read: number, bytes: number, { taken, refused }: { taken: number; refused: number }, perSecond: number): string {
  const part = bytes === 0 ? 1 : Math.min(1, read / bytes);
  const filled = Math.round(part * BAR);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  return `${bar} ${Math.floor(part * 100)} %  ${taken} accepted, ${refused} rejected, ${Math.round(perSecond)}/s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
