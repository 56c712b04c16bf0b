import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { pickRows } from './matrix.ts';
import { type Result, runScenario } from './run-scenario.ts';
import { soak } from './soak.ts';

const RESULTS = 'chaos-results.json';
/** A screen has room for so many broken promises of one scenario; the file holds all. */
const SHOWN = 10;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string' },
    soak: { type: 'string' },
    rate: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
});

const number = (name: 'seed' | 'soak' | 'rate', fallback: number): number => {
  const value = values[name] === undefined ? fallback : Number(values[name]);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
};

const say = (line: string) => void process.stderr.write(`${line}\n`);

const cells = (row: readonly string[]) => row.map((cell, index) => (index === 0 ? cell.padEnd(64) : cell.padStart(10))).join('');

function line(title: string, result: Result): string {
  const { accepted, hits, lost, silentDuplicates, visibleDuplicates, unknown, seconds, broken } = result;
  const figures = [accepted, hits, lost, silentDuplicates, visibleDuplicates, unknown].map(String);
  return cells([title, ...figures, seconds.toFixed(1), broken.length === 0 ? 'kept' : 'BROKEN']);
}

const seed = number('seed', 1 + Math.floor(Math.random() * 2 ** 31));
say(`seed ${seed}`);

const rows =
  values.soak === undefined
    ? pickRows(values.only?.split(',') ?? [])
    : ([
        [
          'soak',
          {
            fault: `${values.soak} min of mixed faults`,
            run: soak({ minutes: number('soak', 30), perSecond: number('rate', 50), onProgress: say }),
          },
        ],
      ] as const);

const results: Result[] = [];
const report = () => ({ at: new Date().toISOString(), node: process.version, seed, results });
/** After each scenario, so that a run that is broken off has left its evidence. */
const save = () => writeFile(RESULTS, `${JSON.stringify(report(), null, 2)}\n`);
const table = [cells(['', 'accepted', 'hits', 'lost', 'silent', 'visible', 'unknown', 'seconds', ''])];
const held: string[] = [];
for (const [name, row] of rows) {
  const title = `${name.padEnd(12)}${row.fault}`;
  if ('heldBy' in row) {
    held.push(`${title.padEnd(64)}  ${row.heldBy}`);
    continue;
  }
  say(`${title} …`);
  const result = await runScenario(name, row.run, seed);
  results.push(result);
  await save();
  table.push(line(title, result), ...(result.note === undefined ? [] : [`            ${result.note}`]));
  for (const what of result.broken.slice(0, SHOWN)) table.push(`            ! ${what}`);
  if (result.broken.length > SHOWN) table.push(`            ! and ${result.broken.length - SHOWN} more in ${RESULTS}`);
  say([line(title, result), ...result.broken.slice(0, SHOWN).map((what) => `            ! ${what}`)].join('\n'));
}

const broken = results.filter((result) => result.broken.length > 0);
if (values.json) process.stdout.write(`${JSON.stringify(report())}\n`);
else {
  const heldLines = held.length === 0 ? [] : ['', 'Held by tests that npm test runs:', ...held];
  const verdict = broken.length === 0 ? 'Every promise was kept.' : `Promises were broken: ${broken.map(({ name }) => name).join(', ')}.`;
  process.stdout.write(
    `\n${[...table, ...heldLines].join('\n')}\n\n${verdict} Again with --seed ${seed}; all of it in ${RESULTS}\n` +
      'silent, visible: texts sent twice, unseen, and seen in their trace as the resend of an unknown outcome.\n',
  );
}
if (broken.length > 0) process.exitCode = 1;
