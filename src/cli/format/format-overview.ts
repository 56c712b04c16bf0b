import { describeContributor } from '../../explain/find-story.ts';
import type { BudgetFigures } from '../../limit/budget/budget.ts';
import { MICRO } from '../../limit/budget/money.ts';
import type { Contributor } from '../../limit/caps/cap-usage-statistics.ts';
import type { QueueFigures } from '../../overview/figures.ts';
import type { HealthFinding, HealthLevel } from '../../overview/finding.ts';
import { judgeHealth } from '../../overview/judge-health.ts';
import type { Overview } from '../../overview/overview.ts';
import type { ProviderHealth } from '../../overview/provider-health.ts';
import { clipToWidth, displayWidth } from '../../text/display-width.ts';
import { formatTable } from '../../text/format-table.ts';
import { formatElapsed, formatTime } from '../../text/format-time.ts';
import { wrapText } from '../../text/wrap-text.ts';
import { createPaint, type Paint } from '../terminal/printable-text.ts';

export interface OverviewFormat {
  /** Maximum length of a line. */
  readonly width: number;
  readonly colour: boolean;
  /** Currency of the budgets, such as USD. */
  readonly currency?: string | undefined;
}

type Style = keyof Paint;
interface Line {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Formats the state of the whole system on one screen: findings with remedies, then the figures. */
export function formatOverview(overview: Overview, { width, colour, currency }: OverviewFormat): string {
  const paint = createPaint(colour);
  const lines = [
    ...healthLines(overview, width),
    blank,
    ...factLines(overview, currency),
    blank,
    ...queueLines(overview.queues),
    blank,
    ...providerLines(overview.providers),
  ];
  return `${lines.map(({ text, style }) => (style === undefined ? clipToWidth(text, width) : paint[style](clipToWidth(text, width)))).join('\n')}\n`;
}

const blank: Line = { text: '' };

const SIGNS: Readonly<Record<HealthLevel, string>> = { ok: '✓', warning: '!', critical: '✗' };
export const HEALTH_STYLES: Readonly<Record<HealthLevel, Style>> = { ok: 'green', warning: 'yellow', critical: 'red' };
/** Maximum number of findings shown; `doctor` shows all. */
const FINDINGS_SHOWN = 3;

function healthLines(overview: Overview, width: number): Line[] {
  const { level, line, findings } = judgeHealth(overview);
  if (findings.length === 0) return [{ text: `${SIGNS[level]} ${line}`, style: HEALTH_STYLES[level] }];
  const shown = findings
    .slice(0, FINDINGS_SHOWN)
    .flatMap((finding) => [
      ...wrapText(`${SIGNS[finding.level]} ${finding.text}`, width, '  ').map((text) => ({ text, style: HEALTH_STYLES[finding.level] })),
      ...nextLines(finding, width).map((text) => ({ text })),
    ]);
  const left = findings.length - FINDINGS_SHOWN;
  return left > 0 ? [...shown, { text: `  … and ${left} more: sms-dispatch doctor`, style: 'dim' }] : shown;
}

/** Formats the remedy; the command is never broken across lines, so that it can be copied. */
function nextLines({ hint, command }: HealthFinding, width: number): string[] {
  const line = `  ${hint}: ${command}`;
  return displayWidth(line) <= width ? [line] : [...wrapText(`  ${hint}:`, width, '  '), `    ${command}`];
}

function factLines(overview: Overview, currency: string | undefined): Line[] {
  const { workers, lately, inFlight, unknown, dead, caps, budgets, contributors, redis } = overview;
  const rows = [
    ['at', formatTime(overview.at)],
    [
      'workers',
      workers === null ? 'not reported by Redis' : `${count(workers.routers, 'router')}, ${count(workers.dispatchers, 'dispatcher')}`,
    ],
    ['now', `${inFlight} in flight, ${unknown} unknown, ${dead} dead`],
    [`last ${formatElapsed(lately.seconds * 1000).replace(' 0 s', '')}`, latelyWords(lately)],
    ...caps.map(({ used, max, criticalReserve }) => [
      'cap per hour',
      `${bar(used, max)} ${used} of ${max}${criticalReserve > 0 ? `, ${criticalReserve} of them reserved for criticals` : ''}`,
    ]),
    ...budgets.flatMap((figures) =>
      figures.budget === undefined ? [] : [[`budget ${figures.period}`, budgetWords(figures, figures.budget, currency)]],
    ),
    ...contributorRows('sent last hour', contributors.accepted),
    ...contributorRows('held back', contributors.heldBack),
    ['redis', redis === null ? 'reports no figures' : redisWords(redis)],
  ];
  return formatTable(rows)
    .split('\n')
    .map((text) => ({ text }));
}

/** Formats one row with the largest contributors. */
function contributorRows(name: string, all: readonly (Contributor & { readonly count: number; readonly reason?: string })[]): string[][] {
  if (all.length === 0) return [];
  const words = all
    .slice(0, 3)
    .map((one) => `${one.count} × ${describeContributor(one)}${one.reason === undefined ? '' : ` (${one.reason})`}`);
  return [[name, `${words.join('; ')}${all.length > 3 ? '; …' : ''}`]];
}

function latelyWords({ alerts, messages }: Overview['lately']): string {
  const states = Object.entries(messages).map(([state, times]) => `${times} ${state}`);
  return `${count(alerts, 'alert')}${states.length === 0 ? '' : `; messages: ${states.join(', ')}`}`;
}

function budgetWords({ spent, reserved }: BudgetFigures, { hard }: NonNullable<BudgetFigures['budget']>, currency = ''): string {
  const used = spent + reserved;
  return `${bar(used, hard)} ${(used / MICRO).toFixed(2)} of ${(hard / MICRO).toFixed(2)} ${currency}`.trimEnd();
}

function redisWords({
  version,
  uptimeSeconds,
  usedMemoryBytes,
  maxMemoryBytes,
  evictedKeys,
  appendOnly,
}: NonNullable<Overview['redis']>): string {
  const memory = `${megabytes(usedMemoryBytes)}${maxMemoryBytes > 0 ? ` of ${megabytes(maxMemoryBytes)}` : ''} MB`;
  const evicted = evictedKeys > 0 ? `, ${evictedKeys} KEYS EVICTED` : '';
  return `${version}, up ${formatElapsed(uptimeSeconds * 1000)}, ${memory}, append-only file ${appendOnly ? 'on' : 'OFF'}${evicted}`;
}

const megabytes = (bytes: number) => Math.ceil(bytes / 1_048_576);

/** Queues that are always shown; others only while they contain jobs. */
const ALWAYS_SHOWN: readonly string[] = ['sms-alerts', 'sms-messages'];

function queueLines(queues: readonly QueueFigures[]): Line[] {
  const shown = queues.filter(
    ({ queue, counts, paused }) => paused || ALWAYS_SHOWN.includes(queue) || Object.values(counts).some((jobs) => jobs > 0),
  );
  const rows = shown.map(({ queue, counts, oldestAgeSeconds, oldestCriticalSeconds, paused }) => [
    paused ? `${queue} PAUSED` : queue,
    String(counts.waiting + counts.prioritized),
    String(counts.active),
    String(counts.delayed),
    String(counts.failed),
    age(oldestAgeSeconds),
    age(oldestCriticalSeconds),
  ]);
  const styles = shown.map(({ counts, paused }): Style | undefined => (paused ? 'red' : counts.failed > 0 ? 'yellow' : undefined));
  return tableLines(['QUEUE', 'WAITING', 'ACTIVE', 'DELAYED', 'DEAD', 'OLDEST', 'OLDEST CRITICAL'], rows, styles);
}

const CIRCUITS: Readonly<Record<ProviderHealth['circuit'], string>> = { closed: 'closed', half_open: 'half-open', open: 'OPEN' };
const CIRCUIT_STYLES: Readonly<Record<ProviderHealth['circuit'], Style | undefined>> = {
  closed: undefined,
  half_open: 'yellow',
  open: 'red',
};

function providerLines(providers: readonly ProviderHealth[]): Line[] {
  const rows = providers.map(({ provider, type, circuit, since, reason, code, accepted, refused, unknown, lastReason }) => [
    provider,
    type,
    `${CIRCUITS[circuit]}${since === null ? '' : ` since ${since.slice(11, 16)}`}${reason === null ? '' : `: ${reason}${code === null ? '' : ` (${code})`}`}`,
    String(accepted),
    String(refused),
    String(unknown),
    lastReason ?? '-',
  ]);
  const styles = providers.map(({ circuit }) => CIRCUIT_STYLES[circuit]);
  return tableLines(['PROVIDER', 'TYPE', 'CIRCUIT', 'ACCEPTED', 'REFUSED', 'UNKNOWN', 'LAST REASON'], rows, styles);
}

function tableLines(head: readonly string[], rows: readonly (readonly string[])[], styles: readonly (Style | undefined)[]): Line[] {
  const [first = '', ...rest] = formatTable([head, ...rows]).split('\n');
  return [{ text: first, style: 'dim' }, ...rest.map((text, index) => ({ text, style: styles[index] }))];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function age(seconds: number): string {
  return seconds === 0 ? '-' : formatElapsed(seconds * 1000);
}

const BAR = 20;

function bar(used: number, max: number): string {
  const full = max === 0 ? BAR : Math.min(BAR, Math.round((used / max) * BAR));
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
}
