import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BOARDS, boardFile } from './boards/boards.ts';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
      readonly links?: readonly { readonly url: string }[];
    };
  };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

export interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly links: readonly { readonly url: string }[];
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr?: string; readonly datasource: { readonly uid: string } }[];
  };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string | { readonly query: string } }[];
  };
}

/** Every board as it is committed, by the name of its file. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  return new Map(Object.keys(BOARDS).map((name) => [name, JSON.parse(readFileSync(resolve(boardFile(name)), 'utf8')) as Dashboard]));
}

/** Every PromQL expression of the dashboard as written, with the title of what shows it. */
export function expressions(dashboard: Dashboard): { title: string; expr: string }[] {
  const panels = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
  const annotations = dashboard.annotations.list.flatMap(({ name, expr }) => (expr === undefined ? [] : [{ title: name, expr }]));
  return [...panels, ...annotations];
}

/** As Grafana sends it with every variable on All. */
export function filledIn(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(queue|provider|severity)\b/g, '.+');
}

/** Names of metrics in PromQL text: the words that are ours or a Node process's by prefix. */
export function metricNames(promql: string): string[] {
  return [...new Set(promql.match(/\b(sms|process|nodejs)_[a-z0-9_]+\b/g))];
}
