import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startRedisServer } from '../support/redis-server.ts';
import { useTempRoot } from '../support/temp-root.ts';
import { measureBacklogs } from './backlog.ts';
import { ACCOUNT, type Figures, type Task } from './scenario.ts';
import { startVendorProcess } from './vendor-process.ts';

/** Rounds interleave the scenarios, so that a machine that gets slower slows them all; medians are what counts. */
const ROUNDS = 3;
const COUNTS: Readonly<Record<string, number>> = { a: 20_000, b: 12_000, c: 6_000, d: 6_000, e: 12_000, f: 12_000 };
const LATENCY_COUNT = 1_100;
const COUNTED = 100_000;
const RESULTS = 'bench-results.json';

const NAMES: Readonly<Record<string, string>> = {
  a: 'bare BullMQ, no-op jobs',
  b: 'full path, alert to accepted, distinct phones',
  c: 'hand-written worker on the Twilio SDK',
  d: 'our dispatcher, twilio adapter, same server',
  e: 'storm: one phone, above the cap',
  f: 'as (b), the console open, scraped every 5 s',
};

const exec = promisify(execFile);

async function runOne(task: Task): Promise<Figures> {
  const script = fileURLToPath(new URL('./run-scenario.js', import.meta.url));
  const { stdout } = await exec(process.execPath, [script, JSON.stringify(task)], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Figures;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

function medians(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {}) as (keyof Figures)[];
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name] as number))]));
}

const { values } = parseArgs({ options: { backlog: { type: 'string' }, only: { type: 'string' } } });
if (values.backlog !== undefined) {
  const count = Number(values.backlog);
  if (!(count > 0)) throw new Error('--backlog must be a number above 0');
  await measureBacklogs(count, values.only?.split(',') ?? []);
  process.exit();
}

const removeTemp = useTempRoot('sms-bench');
const redis = await startRedisServer();
const vendor = await startVendorProcess(ACCOUNT);
const rounds: Record<string, Figures[]> = {};
const run = async (scenario: string, count: number, round: number) => {
  process.stderr.write(`round ${round + 1} of ${ROUNDS}: ${scenario} …\n`);
  const task = { scenario, redisUrl: redis.url, prefix: `{${scenario.replace(/\W/g, '')}${round}}`, count, vendorUrl: vendor.url };
  rounds[scenario] = [...(rounds[scenario] ?? []), await runOne(task)];
};
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [scenario, count] of Object.entries(COUNTS)) await run(scenario, count, round);
    await run('latency of bare BullMQ', LATENCY_COUNT, round);
    await run('latency of ours', LATENCY_COUNT, round);
    await run('counting one alert', COUNTED, round);
  }
} finally {
  await vendor.stop();
  await redis.stop();
  removeTemp();
}

const results = Object.fromEntries(Object.entries(rounds).map(([scenario, all]) => [scenario, medians(all)]));
const rate = (scenario: string) => results[scenario]?.rate as number;
/** Of the rounds' own ratios: both sides of each saw the same machine. */
const ratio = (over: string, under: string) =>
  median((rounds[over] ?? []).map((figures, round) => (figures.rate as number) / (rounds[under]?.[round]?.rate as number)));
const ratios = { 'b/a': ratio('b', 'a'), 'd/c': ratio('d', 'c'), 'e/a': ratio('e', 'a'), 'f/b': ratio('f', 'b') };

const fixed = (value: number | undefined, digits = 0) => (value === undefined ? '' : value.toFixed(digits));
const row = (cells: readonly string[]) => cells.map((cell, index) => (index === 0 ? cell.padEnd(52) : cell.padStart(12))).join('');
const lines = [
  row(['', 'per second', 'scripts', 'commands', 'net bytes', 'bytes kept', 'CPU µs', 'RSS MB']),
  ...Object.keys(COUNTS).map((scenario) => {
    const f = results[scenario] as Figures;
    return row([
      `(${scenario}) ${NAMES[scenario]}`,
      fixed(f.rate),
      fixed(f.scriptsEach, 1),
      fixed(f.commandsEach, 1),
      fixed(f.networkBytesEach),
      fixed(f.memoryBytesEach),
      fixed(f.cpuMicrosEach),
      fixed(f.rssMb),
    ]);
  }),
  '',
  ...Object.entries(ratios).map(([name, value]) => `${name} = ${value.toFixed(2)}`),
  '',
  ...['latency of bare BullMQ', 'latency of ours'].map(
    (name) =>
      `${name}, enqueue to provider call at 100/s: p50 ${fixed(results[name]?.p50Ms, 1)} ms, p99 ${fixed(results[name]?.p99Ms, 1)} ms`,
  ),
];
const counted = results['counting one alert']?.cpuMicrosEach ?? Number.NaN;
const share = (100 * counted) / (results.b?.cpuMicrosEach ?? Number.NaN);
lines.push(`counting one alert in the metrics: ${fixed(counted, 1)} µs, ${fixed(share, 1)} % of the CPU of (b)`);
process.stdout.write(
  `\n${lines.join('\n')}\n\nScripts, commands and bytes are Redis', for one alert or job; medians of ${ROUNDS} rounds.\n`,
);
await writeFile(
  RESULTS,
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, ratios, results, rounds }, null, 2)}\n`,
);
process.stdout.write(`Written to ${RESULTS}\n`);
if (Number.isNaN(rate('a'))) process.exitCode = 1;
