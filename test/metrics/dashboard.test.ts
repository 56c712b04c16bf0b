import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { BOARDS } from './boards/boards.ts';
import { readRules, thresholdOf } from './boards/rules.ts';
import { type Dashboard, expressions, filledIn, metricNames, readDashboards } from './dashboard.ts';
import { types } from './samples.ts';
import { findTool, run } from './tools.ts';

const dashboards = readDashboards();
const panelsOf = ({ panels }: Dashboard) => panels.filter(({ type }) => type !== 'row');
// biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Grafana
const DATASOURCE_VARIABLE = '${datasource}';
const promtool = findTool('promtool');

const metricTypes = types(await createMetrics({ providers: ['sns'], version: '1', role: 'start' }).text());
/** Every name that may stand in an expression, a histogram's series included. */
const registered = new Set(
  [...metricTypes].flatMap(([name, type]) => (type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name])),
);

describe.each([...dashboards])('%s', (name, dashboard) => {
  const panels = panelsOf(dashboard);

  it('is what test/metrics/boards builds: node dist/test/metrics/boards/write-boards.js', () => {
    expect(dashboard).toEqual(JSON.parse(JSON.stringify(BOARDS[name]?.())));
  });

  it('can be imported anywhere: no id, a fixed uid, no data source of its own', () => {
    expect(dashboard).toMatchObject({ id: null, uid: name });
    const uids = [
      ...panels.flatMap((panel) => [panel.datasource?.uid, ...(panel.targets ?? []).map((target) => target.datasource.uid)]),
      ...dashboard.annotations.list.map(({ datasource }) => datasource.uid).filter((uid) => uid !== '-- Grafana --'),
    ];
    expect(new Set(uids)).toEqual(new Set([DATASOURCE_VARIABLE]));
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))('"%s" says what it shows, in which unit', (_title, panel) => {
    expect(panel.description ?? '').toMatch(/.{20,}\.$/);
    expect(panel.fieldConfig?.defaults.unit ?? '').not.toBe('');
    expect(panel.targets?.length ?? 0).toBeGreaterThan(0);
  });

  it('has panels that neither overlap nor share an id', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(`${taken.get(`${x},${y}`)} under ${title}`).toBe(`undefined under ${title}`);
          taken.set(`${x},${y}`, title);
        }
      }
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  it('marks where a breaker opened and where a config was taken or refused', () => {
    expect(dashboard.annotations.list.filter(({ expr }) => expr !== undefined).map((one) => one.name)).toEqual([
      'Circuit opened',
      'Config taken',
      'Config refused',
    ]);
  });
});

const overview = dashboards.get('sms-dispatch-overview') as Dashboard;
const drillDown = dashboards.get('sms-dispatch-provider') as Dashboard;
const variables = ({ templating }: Dashboard) => templating.list.map(({ name }) => name);

describe('the overview', () => {
  it('asks for the data source, queues, providers and severities', () => {
    expect(variables(overview)).toEqual(['datasource', 'queue', 'provider', 'severity']);
    expect(variables(drillDown)).toEqual(['datasource', 'provider']);
  });

  it('reads top to bottom: is it OK, what flows, providers, why not sent, what is left, what arrived, the machine', () => {
    const rows = overview.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Is it OK?', 'Flow', 'Providers', 'Why not sent', 'Caps and budget', 'Receipts', 'Machine']);
  });

  it('leads to one provider and back, from its panels with the one that was clicked', () => {
    expect([overview, drillDown].map(({ links }) => links.map(({ url }) => url))).toEqual([
      ['/d/sms-dispatch-provider'],
      ['/d/sms-dispatch-overview'],
    ]);
    const clicked = overview.panels.flatMap(({ fieldConfig }) => fieldConfig?.defaults.links ?? []);
    expect(clicked.length).toBeGreaterThan(5);
    for (const { url } of clicked) expect(url).toMatch(/^\/d\/sms-dispatch-provider\?/);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Grafana
    for (const { url } of clicked) expect(url).toContain('var-provider=${__field.labels.provider}');
  });
});

describe('the colour of a number changes where an alert fires', () => {
  // Numbers typed out on purpose: whoever moves a threshold sees here what else moves.
  it.each([
    ['Oldest critical', ['SmsOldestCriticalTooOld'], [30]],
    ['Criticals missed, 1 h', ['SmsErrorBudgetBurn', 'SmsErrorBudgetBurnFast'], [0.06, 0.144]],
    ['Unknown now', ['SmsTextsInDoubt'], [1]],
    ['Hour cap left', ['SmsCapExhausted'], [1]],
    ['Workers up', ['SmsDispatcherAbsent'], [1]],
    ['Active configs', ['SmsConfigOutOfSync'], [2]],
    ['Oldest waiting job', ['SmsOldestJobTooOld'], [300]],
    ['Dead', ['SmsDeadLetters'], [1]],
    ['Worst circuit', ['SmsCircuitOpen'], [2]],
    ['Budget used', ['SmsBudgetNearlySpent'], [0.9]],
    ['Redis durable', ['SmsRedisWriteFailed'], [1]],
    ['Redis memory', ['SmsRedisMemoryNearlyFull'], [0.9]],
    ['Unknown, 15 min', ['SmsUnknownOutcomes'], [2]],
    ['Account refused, 10 min', ['SmsProviderAccount'], [0.5]],
    ['Undelivered share, 1 h', ['SmsReceiptsUndelivered'], [0.2]],
  ])('"%s": %s', (title, alerts, numbers) => {
    expect(alerts.map(thresholdOf)).toEqual(numbers);
    const panel = [...dashboards.values()].flatMap(panelsOf).find((candidate) => candidate.title === title);
    const steps = panel?.fieldConfig?.defaults.thresholds?.steps.flatMap(({ value }) => (value === null ? [] : [value]));
    expect(steps).toEqual(numbers);
  });
});

const { alerts, records } = readRules();
const ruleTexts = [...alerts, ...records].map(({ expr }) => expr).join('\n');
const queried = [...dashboards.values()].flatMap((dashboard) => [
  ...expressions(dashboard),
  ...dashboard.templating.list.map(({ name, query }) => ({ title: `$${name}`, expr: JSON.stringify(query) })),
]);

describe('queries', () => {
  it.each([...queried, { title: 'the alert rules', expr: ruleTexts }].map(({ title, expr }) => [title, expr] as const))(
    'of "%s" use only metrics that exist',
    (_title, expr) => {
      expect(metricNames(expr).filter((name) => !registered.has(name))).toEqual([]);
    },
  );

  it('take the maximum of what every process reports about the whole system, because a sum would count it once for each', () => {
    const texts = [...queried.map(({ expr }) => expr), ruleTexts];
    const used = texts.flatMap((text) =>
      [
        ...text.matchAll(
          /\bsms_(queue_jobs|queue_oldest_job_age_seconds|oldest_critical_age_seconds|messages_(?:in_flight|unknown)|rate_cap_[a-z]+|redis_[a-z_]+|budget_[a-z_]+)(?=[ {)]|$)/gm,
        ),
      ].map(({ index }) => text.slice(0, index)),
    );
    expect(used.length).toBeGreaterThan(5);
    for (const before of used) expect(before).toMatch(/\b(max|min)( by \([a-z, ]+\))? ?\((increase\()?$/);
  });

  it('show every metric of ours', () => {
    const shown = new Set(queried.flatMap(({ expr }) => metricNames(expr)).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    const ours = [...metricTypes.keys()].filter((name) => name.startsWith('sms_'));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });

  it.skipIf(promtool === undefined)('are correct PromQL, says promtool', () => {
    const asRules = [...dashboards.values()]
      .flatMap(expressions)
      .map(({ expr }, i) => ({ record: `panel:${i}`, expr: filledIn(expr, '1m') }));
    const file = join(mkdtempSync(join(tmpdir(), 'sms-rules-')), 'panels.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: asRules }] }));
    const { code, output } = run(promtool as string, ['check', 'rules', file]);
    rmSync(dirname(file), { recursive: true });
    expect(output).toContain(`${asRules.length} rules found`);
    expect(code).toBe(0);
  });
});
