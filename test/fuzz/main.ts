import { parseArgs } from 'node:util';
import { fuzzConfig } from './config.ts';
import { fuzzCsv } from './csv.ts';
import { fuzzDoors } from './doors.ts';
import type { Fuzz } from './fuzz.ts';
import { fuzzQueue } from './queue.ts';

const READERS: Readonly<Record<string, Fuzz>> = { doors: fuzzDoors, config: fuzzConfig, csv: fuzzCsv, queue: fuzzQueue };
/** A screen has room for so many of one reader. */
const SHOWN = 20;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '20000' }, seed: { type: 'string' }, only: { type: 'string' } },
});

const numberOf = (name: string, text: string): number => {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`--${name} must be a whole number above 0`);
  return value;
};
const count = numberOf('count', values.count);
const seed = numberOf('seed', values.seed ?? String(1 + Math.floor(Math.random() * 2 ** 31)));
const names = values.only?.split(',') ?? Object.keys(READERS);
const unknown = names.filter((name) => !Object.hasOwn(READERS, name));
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(READERS).join(', ')}, got ${unknown.join(', ')}`);

const say = (line: string) => void process.stderr.write(line);
say(`seed ${seed}\n`);

let failed = false;
for (const name of names) {
  const cleanups: (() => Promise<void>)[] = [];
  const began = performance.now();
  const onProgress = (tried: number) =>
    say(process.stderr.isTTY ? `\r${name} ${tried}/${count}` : tried % 2000 === 0 ? `${name} ${tried}/${count}\n` : '');
  try {
    const { tried, ends, broken } = await (READERS[name] as Fuzz)({ count, seed, onProgress, onEnd: (end) => cleanups.unshift(end) });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const figures = Object.entries(ends).toSorted(([, a], [, b]) => b - a);
    process.stdout.write(`${name}: ${tried} inputs in ${seconds} s, ${broken.length} broken promises\n`);
    for (const [end, times] of figures) process.stdout.write(`  ${String(times).padStart(7)}  ${end}\n`);
    for (const what of broken.slice(0, SHOWN)) process.stdout.write(`  ! ${what}\n`);
    if (broken.length > SHOWN) process.stdout.write(`  ! and ${broken.length - SHOWN} more\n`);
    failed ||= broken.length > 0;
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}
process.stdout.write(failed ? `Again with --seed ${seed}.\n` : 'Every promise was kept.\n');
process.exitCode = failed ? 1 : 0;
