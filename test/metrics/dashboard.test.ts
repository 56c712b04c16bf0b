import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { expressions, filledIn, metricNames, RULES, readDashboard } from './dashboard.ts';
import { types } from './samples.ts';
import { findTool, run } from './tools.ts';

const dashboard = readDashboard();
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
// biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Grafana
const DATASOURCE_VARIABLE = '${datasource}';
const promtool = findTool('promtool');

const metricTypes = types(await createMetrics({ providers: ['sns'], version: '1', role: 'start' }).text());
/** Every name that may stand in an expression, a histogram's series included. */
const registered = new Set(
  [...metricTypes].flatMap(([name, type]) => (type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [name])),
);

describe('the dashboard', () => {
  it('can be imported anywhere: no id, a fixed uid, no data source of its own', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'sms-dispatch-overview' });
    const uids = panels.flatMap((panel) => [panel.datasource?.uid, ...(panel.targets ?? []).map((target) => target.datasource.uid)]);
    expect(new Set(uids)).toEqual(new Set([DATASOURCE_VARIABLE]));
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'provider', 'severity']);
  });

  it('reads top to bottom: is it OK, what flows, providers, why not sent, the machine', () => {
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Is it OK?', 'Flow', 'Providers', 'Why not sent', 'Machine']);
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
});

const rules = readFileSync(RULES, 'utf8');
const rulesWithoutComments = rules.replaceAll(/^\s*#.*$/gm, '');
const queried = [
  ...expressions(dashboard),
  ...dashboard.templating.list.map(({ name, query }) => ({ title: `$${name}`, expr: JSON.stringify(query) })),
];

describe('queries', () => {
  it.each([...queried, { title: 'the alert rules', expr: rulesWithoutComments }].map(({ title, expr }) => [title, expr] as const))(
    'of "%s" use only metrics that exist',
    (_title, expr) => {
      expect(metricNames(expr).filter((name) => !registered.has(name))).toEqual([]);
    },
  );

  it('take the maximum of what every process reports about the whole system, because a sum would count it once for each', () => {
    const texts = [...queried.map(({ expr }) => expr), rulesWithoutComments];
    const used = texts.flatMap((text) =>
      [...text.matchAll(/\bsms_(queue_jobs|queue_oldest_job_age_seconds|messages_in_flight|budget_[a-z_]+)\b/g)].map(({ index }) =>
        text.slice(0, index),
      ),
    );
    expect(used.length).toBeGreaterThan(5);
    for (const before of used) expect(before).toMatch(/\bmax( by \([a-z, ]+\))? \($|\bmax\($/);
  });

  it('show every metric of ours', () => {
    const shown = new Set(queried.flatMap(({ expr }) => metricNames(expr)).map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    const ours = [...metricTypes.keys()].filter((name) => name.startsWith('sms_'));
    expect(ours.filter((name) => !shown.has(name))).toEqual([]);
  });

  it.skipIf(promtool === undefined)('are correct PromQL, says promtool', () => {
    const asRules = expressions(dashboard).map(({ expr }, i) => ({ record: `panel:${i}`, expr: filledIn(expr, '1m') }));
    const file = join(mkdtempSync(join(tmpdir(), 'sms-rules-')), 'panels.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: asRules }] }));
    const { code, output } = run(promtool as string, ['check', 'rules', file]);
    rmSync(dirname(file), { recursive: true });
    expect(output).toContain(`${asRules.length} rules found`);
    expect(code).toBe(0);
  });
});

describe.skipIf(promtool === undefined)('promtool', () => {
  it.each([
    ['the alert rules', ['check', 'rules', 'grafana/alerts.yml']],
    ['what they fire on', ['test', 'rules', 'grafana/alerts.test.yml']],
    ['the scrape configuration', ['check', 'config', 'grafana/prometheus.yml']],
  ])('agrees with %s', (_what, args) => {
    const { code, output } = run(promtool as string, args);
    expect(output).not.toMatch(/FAILED/);
    expect(code).toBe(0);
  });
});

it('every alert rule has a severity, a summary and a description, and a test that sees it fire', () => {
  const tested = readFileSync(new URL('alerts.test.yml', RULES), 'utf8');
  const blocks = rules.split(/^\s*- alert: /m).slice(1);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    expect(block).toMatch(/labels: \{ severity: (critical|warning) \}/);
    expect(block).toMatch(/summary: .+\n\s+description: .+/);
    expect(tested).toContain(`alertname: ${block.split('\n')[0]}`);
  }
});
