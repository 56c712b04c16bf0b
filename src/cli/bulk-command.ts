import { type Command, Option } from 'commander';
import { type AlertInput, PURPOSES, type Purpose } from '../alert/alert.ts';
import { hash } from '../alert/id.ts';
import { placeholders } from '../alert/text.ts';
import type { Producer } from '../queue/producer-port.ts';
import { type Checkpoint, dropCheckpoint, readCheckpoint, writeCheckpoint } from './bulk-checkpoint.ts';
import { type BulkFile, type BulkRow, inspectFile, readRows } from './bulk-rows.ts';
import type { CliDeps } from './cli-deps.ts';
import { UsageError } from './cli-failure.ts';
import { type CommandContext, type CommonOptions, configOption, jsonOption, printJson, runs } from './command-context.ts';
import { noSuch } from './no-such.ts';
import { createProgressLine, type ProgressLine } from './progress-line.ts';
import { severityOf, severityOption } from './severity-option.ts';
import { withProducer } from './with-redis.ts';
import { wordOption } from './word-option.ts';

interface BulkOptions extends CommonOptions {
  readonly template: string;
  readonly severity: string;
  readonly purpose: Purpose;
  readonly source?: string;
  readonly expiresAt?: string;
}

const EXAMPLES = `Examples:
  sms-dispatch bulk codes.csv --template login-code --purpose verification
  sms-dispatch bulk notice.csv --template maintenance --severity info --json

  codes.csv:   to,code,minutes
               +60123456789,1234,5

Cut off, the same command goes on where it was. A file that was taken is not taken twice within a week, row by row.
`;

type ReadableRow = Extract<BulkRow, { values: unknown }>;

/** Of one call to Redis. */
const BATCH = 500;

export function addBulkCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('bulk')
    .description('raise one alert a row of a CSV file with the columns `to` and one a variable of the template')
    .argument('<file>', 'the CSV file; its first line names the columns')
    .addOption(new Option('--template <name>', 'a template of the config').makeOptionMandatory())
    .addOption(severityOption('info for what may wait behind alerts'))
    .addOption(wordOption('--purpose <word>', 'what the texts are for', PURPOSES).default('notification'))
    .option('--source <name>', 'who raises them, for routes and caps')
    .option('--expires-at <time>', 'after this they are not sent any more, such as 2026-11-20T03:30:00Z')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<BulkOptions>(command, context, ([path], options) => bulk(context.deps, path as string, options));
}

async function bulk(deps: CliDeps, path: string, typed: BulkOptions): Promise<number> {
  const { config } = await deps.loadConfig(typed.config);
  const options = { ...typed, severity: severityOf(typed.severity, config.severityWords) };
  const template = config.templates.get(options.template);
  if (template === undefined) throw new UsageError(noSuch('template', options.template, [...config.templates.keys()]));
  const variables = placeholders(template.text);
  const progress = createProgressLine(deps.stderr);
  const file = await inspectFile(path, (bytes) => progress.show(`reading ${path}: ${megabytes(bytes)}`));
  const run = hash('bulk', file.hash, options.template, options.severity, options.purpose, options.source ?? '');
  const before = await readCheckpoint(path, run);
  progress.clear();
  if (before !== undefined) deps.stderr.write(`going on after line ${before.line}, where the last run was cut off\n`);

  const interrupted = deps.interrupted?.() ?? new AbortController().signal;
  const tally = await withProducer(deps, config, (producer) =>
    offerRows({ path, file, run, before, variables, options, interrupted, deps, progress }, (alerts) => producer.enqueueMany(alerts)),
  );
  progress.clear();
  if (!interrupted.aborted) await dropCheckpoint(path);

  const { taken, duplicates, refused } = tally;
  if (options.json === true)
    printJson(deps, { file: path, accepted: taken, duplicates, rejected: refused, finished: !interrupted.aborted });
  else deps.stdout.write(`${taken} taken, ${duplicates} had been taken before, ${refused} refused\n`);
  if (interrupted.aborted) deps.stderr.write('cut off: the same command goes on from here\n');
  return refused > 0 || interrupted.aborted ? 1 : 0;
}

interface Offer {
  readonly path: string;
  readonly file: BulkFile;
  readonly run: string;
  readonly before: Checkpoint | undefined;
  /** Of the template. */
  readonly variables: readonly string[];
  readonly options: BulkOptions;
  readonly interrupted: AbortSignal;
  readonly deps: Pick<CliDeps, 'stderr'>;
  readonly progress: ProgressLine;
}

type Enqueue = Producer['enqueueMany'];

async function offerRows({ path, file, run, before, variables, options, interrupted, deps, progress }: Offer, enqueue: Enqueue) {
  const tally = { taken: before?.taken ?? 0, duplicates: 0, refused: before?.refused ?? 0 };
  const started = performance.now();
  let read = 0;
  let offered = 0;
  const complain = (line: number, what: string) => {
    tally.refused += 1;
    progress.clear();
    deps.stderr.write(`line ${line}: ${what}\n`);
  };
  const offer = async (rows: readonly ReadableRow[], lastLine: number) => {
    const results = await enqueue(rows.map((row) => alertOf(row, variables, run, options)));
    for (const [index, result] of results.entries()) {
      const line = rows[index]?.line ?? 0;
      if (!result.ok) complain(line, result.issues.map(({ path: at, message }) => (at === '' ? message : `${at}: ${message}`)).join('; '));
      else if (result.duplicate) tally.duplicates += 1;
      else tally.taken += 1;
    }
    offered += rows.length;
    await writeCheckpoint(path, { run, line: lastLine, taken: tally.taken, refused: tally.refused });
    progress.show(describeProgress(read, file.bytes, tally, offered / ((performance.now() - started) / 1000)));
  };

  const onBytes = (bytes: number) => {
    read = bytes;
  };
  let batch: ReadableRow[] = [];
  let last = before?.line ?? 0;
  for await (const row of readRows(path, { wanted: ['to', ...variables], onBytes, signal: interrupted })) {
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

/** The same row of the same file gives the same id, so that nobody is texted twice however often it is offered. */
function alertOf({ line, values }: ReadableRow, variables: readonly string[], run: string, options: BulkOptions): AlertInput {
  const { template, severity, purpose, source, expiresAt } = options;
  const id = `bulk-${run}-${line}`;
  return {
    id,
    // Rows that say the same are meant for different people, or meant twice.
    dedupKey: id,
    to: values.to ?? '',
    severity,
    purpose,
    template: { name: template, params: Object.fromEntries(variables.map((name) => [name, values[name] ?? ''])) },
    ...(source === undefined ? {} : { source }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const BAR = 24;

function describeProgress(read: number, bytes: number, { taken, refused }: { taken: number; refused: number }, perSecond: number): string {
  const part = bytes === 0 ? 1 : Math.min(1, read / bytes);
  const filled = Math.round(part * BAR);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  return `${bar} ${Math.floor(part * 100)} %  ${taken} taken, ${refused} refused, ${Math.round(perSecond)}/s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
