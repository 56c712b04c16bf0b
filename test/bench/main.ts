import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Redis } from 'ioredis';
import { startRedisServer } from '../support/redis-server.ts';
import { useTempRoot } from '../support/temp-root.ts';
import { measureBacklogs } from './backlog.ts';
import { ACCOUNT, type Figures, type Task } from './scenario.ts';
import { startVendorProcess } from './vendor-process.ts';

/** Rounds interleave the scenarios, so that a machine that gets slower slows them all; medians are what counts. */
const FULL = {
  rounds: 3,
  counts: {
    ...{ a: 20_000, b: 12_000, c: 6_000, d: 6_000, e: 12_000, f: 12_000 },
    ...{ 'latency of bare BullMQ': 1_100, 'latency of ours': 1_100, 'counting one alert': 100_000 },
  },
} as const;
/** For a look at one change: under 90 s on two cores. */
const QUICK = {
  rounds: 1,
  counts: {
    ...{ a: 10_000, b: 5_000, c: 2_500, d: 2_500, e: 5_000, f: 5_000 },
    ...{ 'latency of bare BullMQ': 600, 'latency of ours': 600, 'counting one alert': 50_000 },
  },
} as const;
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

const { values } = parseArgs({
  options: {
    backlog: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
  },
});
if (values.backlog !== undefined) {
  const count = Number(values.backlog);
  if (!(count > 0)) throw new Error('--backlog must be a number above 0');
  await measureBacklogs(count, values.only?.split(',') ?? []);
  process.exit();
}
const { counts, rounds: usual } = values.quick ? QUICK : FULL;
const ROUNDS = Number(values.rounds ?? usual);
if (!(ROUNDS > 0)) throw new Error('--rounds must be a number above 0');
const chosen = Object.entries(counts).filter(([scenario]) => values.only === undefined || values.only.split(',').includes(scenario));
if (chosen.length === 0) throw new Error(`--only ${values.only} names no scenario; there are ${Object.keys(counts).join(', ')}`);

const removeTemp = useTempRoot('sms-bench');
const redis = await startRedisServer();
const commands = new Redis(redis.url);
const vendor = await startVendorProcess(ACCOUNT);
const rounds: Record<string, Figures[]> = {};
const run = async (scenario: string, count: number, round: number) => {
  process.stderr.write(`round ${round + 1} of ${ROUNDS}: ${scenario} …\n`);
  const task = { scenario, redisUrl: redis.url, prefix: `{${scenario.replace(/\W/g, '')}${round}}`, count, vendorUrl: vendor.url };
  rounds[scenario] = [...(rounds[scenario] ?? []), await runOne(task)];
  // What a scenario leaves must not slow the next one.
  await commands.flushall();
};
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [scenario, count] of chosen) await run(scenario, count, round);
  }
} finally {
  await vendor.stop();
  commands.disconnect();
  await redis.stop();
  removeTemp();
}

const results = Object.fromEntries(Object.entries(rounds).map(([scenario, all]) => [scenario, medians(all)]));
/** Of the rounds' own ratios: both sides of each saw the same machine. */
const ratio = (over: string, under: string, figure: 'rate' | 'cpuMicrosEach' = 'rate') => {
  const pairs = (rounds[over] ?? []).flatMap((figures, round) => {
    const [one, other] = [figures[figure], rounds[under]?.[round]?.[figure]];
    return one === undefined || other === undefined ? [] : [one / other];
  });
  return pairs.length === 0 ? [] : [median(pairs)];
};
const ratios = Object.fromEntries(
  (
    [
      ['b/a', ratio('b', 'a')],
      ['d/c', ratio('d', 'c')],
      ['d/c by CPU (of c over d)', ratio('c', 'd', 'cpuMicrosEach')],
      ['e/a', ratio('e', 'a')],
      ['f/b', ratio('f', 'b')],
    ] as const
  ).flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value] as const])),
);

const fixed = (value: number | undefined, digits = 0) => (value === undefined ? '' : value.toFixed(digits));
const row = (cells: readonly string[]) => cells.map((cell, index) => (index === 0 ? cell.padEnd(52) : cell.padStart(12))).join('');
const lines = [
  row(['', 'per second', 'Node µs', 'Redis µs', 'scripts', 'commands', 'net bytes', 'bytes kept', 'RSS MB']),
  ...Object.keys(NAMES).flatMap((scenario) => {
    const f = results[scenario];
    if (f === undefined) return [];
    return row([
      `(${scenario}) ${NAMES[scenario]}`,
      fixed(f.rate),
      fixed(f.cpuMicrosEach),
      fixed(f.redisMicrosEach),
      fixed(f.scriptsEach, 1),
      fixed(f.commandsEach, 1),
      fixed(f.networkBytesEach),
      fixed(f.memoryBytesEach),
      fixed(f.rssMb),
    ]);
  }),
  '',
  ...Object.entries(ratios).map(([name, value]) => `${name} = ${value.toFixed(2)}`),
  '',
  ...['latency of bare BullMQ', 'latency of ours'].flatMap((name) => {
    const f = results[name];
    return f === undefined ? [] : [`${name}, enqueue to provider call at 100/s: p50 ${fixed(f.p50Ms, 1)} ms, p99 ${fixed(f.p99Ms, 1)} ms`];
  }),
];
const counted = results['counting one alert']?.cpuMicrosEach;
const ofAll = results.b?.cpuMicrosEach;
if (counted !== undefined && ofAll !== undefined)
  lines.push(`counting one alert in the metrics: ${fixed(counted, 1)} µs, ${fixed((100 * counted) / ofAll, 1)} % of the CPU of (b)`);
process.stdout.write(
  `\n${lines.join('\n')}\n\nCPU, scripts, commands and bytes are those for one alert or job; medians of ${ROUNDS} round(s).\n`,
);
await writeFile(
  RESULTS,
  `${JSON.stringify({ at: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, ratios, results, rounds }, null, 2)}\n`,
);
process.stdout.write(`Written to ${RESULTS}\n`);
