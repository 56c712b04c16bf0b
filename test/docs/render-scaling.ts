import { readFileSync } from 'node:fs';
import { type ShardsOptions, stranded } from '../simulation/shards.ts';

const BEGIN = '<!-- simulation: npm run docs -->';
const END = '<!-- /simulation -->';
const SIZES = [100, 1_000, 10_000, 50_000];
const SHARDS = [4, 16, 64];
const CASES: readonly (readonly [string, Pick<ShardsOptions, 'leaseSeconds' | 'unevenness' | 'lost'>])[] = [
  ['5 s', { leaseSeconds: 5, unevenness: 0, lost: 0 }],
  ['30 s', { leaseSeconds: 30, unevenness: 0, lost: 0 }],
  ['5 s, load of the n-th shard 1/n', { leaseSeconds: 5, unevenness: 1, lost: 0 }],
  ['5 s, one return in ten lost', { leaseSeconds: 5, unevenness: 0, lost: 0.1 }],
];

const share = (shards: number, leaseSize: number, rest: Pick<ShardsOptions, 'leaseSeconds' | 'unevenness' | 'lost'>) =>
  100 * stranded({ shards, leaseSize, capPerMinute: 1_000_000, demand: 1.2, seed: 1, ...rest });

/** The page as it is, with the table of the simulation written again. */
export function renderScaling(): string {
  const page = readFileSync('docs/scaling.md', 'utf8');
  const rows = CASES.flatMap(([name, rest]) =>
    SHARDS.map((shards) => `| ${name} | ${shards} | ${SIZES.map((size) => `${share(shards, size, rest).toFixed(1)} %`).join(' | ')} |`),
  );
  const table = [
    `| lease time | shards | ${SIZES.map((size) => `lease of ${size}`).join(' | ')} |`,
    `|---|---|${SIZES.map(() => '---').join('|')}|`,
    ...rows,
  ];
  return `${page.slice(0, page.indexOf(BEGIN) + BEGIN.length)}\n${table.join('\n')}\n${page.slice(page.indexOf(END))}`;
}

/** Stranded share by lease size, a line for each number of shards. */
export function renderScalingPlot(): string {
  const [width, height, left, top] = [560, 300, 60, 20];
  const [, rest] = CASES[0] as (typeof CASES)[number];
  const lines = SHARDS.map((shards) => SIZES.map((size) => share(shards, size, rest)));
  const most = Math.max(1, ...lines.flat());
  const x = (index: number) => left + (index * (width - left - 110)) / (SIZES.length - 1);
  const y = (value: number) => height - 40 - (value * (height - 40 - top)) / most;
  const texts = [
    ...SIZES.map((size, index) => `<text x="${x(index)}" y="${height - 20}" text-anchor="middle">${size}</text>`),
    ...[0, most / 2, most].map((value) => `<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(0)} %</text>`),
    `<text x="${width / 2}" y="${height - 4}" text-anchor="middle">lease size; share of the cap that is stranded, lease time 5 s</text>`,
  ];
  const paths = lines.flatMap((values, line) => {
    const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const color = ['#0a6', '#06c', '#c30'][line];
    return [
      `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points}"/>`,
      `<text fill="${color}" x="${width - 100}" y="${top + 16 + line * 18}">${SHARDS[line]} shards</text>`,
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">\n<title>Share of the cap that leases strand, by lease size and number of shards</title>\n<rect width="${width}" height="${height}" fill="#fff"/>\n${[...texts, ...paths].join('\n')}\n</svg>\n`;
}
