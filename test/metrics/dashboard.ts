import { readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

export const DASHBOARD = new URL('grafana/dashboards/sms-dispatch-overview.json', root);
export const RULES = new URL('grafana/alerts.yml', root);

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

export interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string | { readonly query: string } }[];
  };
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD, 'utf8'));
}

/** Every PromQL expression of the dashboard as written, with the title of what shows it. */
export function expressions(dashboard: Dashboard): { title: string; expr: string }[] {
  const panels = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  const annotations = dashboard.annotations.list.flatMap(({ expr }) => (expr === undefined ? [] : [{ title: 'annotation', expr }]));
  return [...panels, ...annotations];
}

/** As Grafana sends it with every variable on All. */
export function filledIn(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(provider|severity)\b/g, '.+');
}

/** Names of metrics in PromQL text: the words that are ours or a Node process's by prefix. */
export function metricNames(promql: string): string[] {
  return [...new Set(promql.match(/\b(sms|process|nodejs)_[a-z0-9_]+\b/g))];
}
