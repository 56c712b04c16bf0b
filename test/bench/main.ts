import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { findKannel } from '../support/kannel.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { useTempRoot } from '../support/temp-root.ts';
import { measureBacklogs } from './backlog.ts';
import { parseOptions } from './options.ts';
import { medians, ratiosOf } from './ratios.ts';
import { ACCOUNT, type Figures, type Task } from './scenario.ts';
import { startVendorProcess } from './vendor-process.ts';

const RESULTS = 'bench-results.json';

const NAMES: Readonly<Record<string, string>> = {
  a: 'bare BullMQ, no-op jobs',
  b: 'full path, alert to accepted, distinct phones',
  c: 'hand-written worker on the Twilio SDK',
  d: 'our dispatcher, twilio adapter, same server',
  e: 'storm: one phone, above the cap',
  f: 'as (b), the console open, scraped every 5 s',
  'g kannel': 'one text per request: Kannel, file store',
  'g ours': 'one text per request: worker and receiver',
  h1: 'full path, 1 process of the role worker',
  h2: 'full path, 2 processes of the role worker',
  h4: 'full path, 4 processes of the role worker',
};

const exec = promisify(execFile);

async function runOne(task: Task): Promise<Figures> {
  const script = fileURLToPath(new URL('./run-scenario.js', import.meta.url));
  const { stdout } = await exec(process.execPath, [script, JSON.stringify(task)], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Figures;
}

const { backlog, counts, json, rounds: ROUNDS } = parseOptions(process.argv.slice(2));
if (backlog !== undefined) {
  await measureBacklogs(backlog.count, backlog.only);
  process.exit();
}
const kannel = counts['g kannel'] === undefined || findKannel() !== undefined;
const chosen = Object.entries(counts).filter(([name]) => kannel || name !== 'g kannel');

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
const ratios = ratiosOf(rounds);

const fixed = (value: number | undefined, digits = 0) => (value === undefined ? '' : value.toFixed(digits));
const row = (cells: readonly string[]) => cells.map((cell, index) => (index === 0 ? cell.padEnd(52) : cell.padStart(12))).join('');
const lines = [
  row(['', 'per second', 'app µs', 'Redis µs', 'scripts', 'commands', 'net bytes', 'bytes kept', 'RSS MB']),
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
    if (f === undefined) return [];
    const figures = `p50 ${fixed(f.p50Ms, 1)} ms, p99 ${fixed(f.p99Ms, 1)} ms, steady after ${fixed(f.steadySeconds)} s`;
    return [`${name}, enqueue to provider call at 100/s, warm: ${figures}`];
  }),
];
const counted = results['counting one alert']?.cpuMicrosEach;
const ofAll = results.b?.cpuMicrosEach;
if (counted !== undefined && ofAll !== undefined)
  lines.push(`counting one alert in the metrics: ${fixed(counted, 1)} µs, ${fixed((100 * counted) / ofAll, 1)} % of the CPU of (b)`);
const raw = `${JSON.stringify({ at: new Date().toISOString(), node: process.version, cpu: cpus()[0]?.model, ratios, results, rounds }, null, 2)}\n`;
await writeFile(RESULTS, raw);
if (json) process.stdout.write(raw);
else {
  process.stdout.write(
    `\n${lines.join('\n')}\n\nCPU, scripts, commands and bytes are those for one alert or job; medians of ${ROUNDS} round(s).\nWritten to ${RESULTS}\n`,
  );
}
