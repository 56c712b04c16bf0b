import { DATASOURCE, type PanelSpec } from './panel.ts';

export type Row = readonly [title: string, panels: readonly PanelSpec[]];

export interface BoardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly object[];
  readonly links: readonly object[];
  /** PromQL of the label `provider` in annotations: those of one, or of all. */
  readonly provider: string;
  readonly rows: readonly Row[];
}

const WIDTH = 24;

/** Where metrics come from; first of all variables. */
const datasource = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  current: {},
  hide: 0,
  includeAll: false,
  multi: false,
  options: [],
  refresh: 1,
  regex: '',
  skipUrlSync: false,
};

/** A variable that is filled with the values of a label. */
export function labelVariable(name: string, label: string, metric: string, all = true): object {
  const definition = `label_values(${metric}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { qryType: 1, query: definition, refId: name },
    definition,
    refresh: 2,
    sort: 1,
    includeAll: all,
    multi: all,
    ...(all ? { allValue: '.+', current: { text: ['All'], value: ['$__all'] } } : { current: {} }),
    options: [],
    regex: '',
    hide: 0,
    skipUrlSync: false,
  };
}

/** To another board of ours, at the same time. */
export function boardLink(title: string, uid: string): object {
  return {
    title,
    type: 'link',
    icon: 'dashboard',
    url: `/d/${uid}`,
    keepTime: true,
    includeVars: true,
    targetBlank: false,
    tags: [],
    tooltip: '',
  };
}

function annotation(name: string, iconColor: string, expr: string, titleFormat: string, textFormat: string): object {
  return { datasource: DATASOURCE, enable: true, hide: false, iconColor, name, expr, step: '60s', titleFormat, textFormat };
}

function annotations(provider: string): object[] {
  return [
    {
      builtIn: 1,
      datasource: { type: 'grafana', uid: '-- Grafana --' },
      enable: true,
      hide: true,
      iconColor: 'rgba(0, 211, 255, 1)',
      name: 'Annotations & Alerts',
      type: 'dashboard',
    },
    annotation(
      'Circuit opened',
      'red',
      `max by (provider) (sms_provider_circuit_state{provider=~"${provider}"}) == 2`,
      'Circuit open',
      '{{provider}}',
    ),
    annotation('Config taken', 'blue', 'changes(sms_config_last_reload_success_timestamp_seconds[2m]) > 0', 'Config taken', '{{instance}}'),
    annotation('Config refused', 'orange', 'min by (instance) (sms_config_last_reload_successful) == 0', 'Config refused', '{{instance}}'),
  ];
}

/** The board as Grafana imports it. Panels flow from left to right, a row below the other. */
export function buildBoard({ uid, title, description, variables, links, provider, rows }: BoardSpec): object {
  const panels: object[] = [];
  let y = 0;
  const place = (body: object, x: number, w: number, h: number) => panels.push({ id: panels.length + 1, ...body, gridPos: { h, w, x, y } });
  for (const [name, specs] of rows) {
    place({ type: 'row', title: name, collapsed: false, panels: [] }, 0, WIDTH, 1);
    y += 1;
    let x = 0;
    let height = 0;
    for (const spec of specs) {
      if (x + spec.width > WIDTH) {
        y += height;
        [x, height] = [0, 0];
      }
      place(spec.body, x, spec.width, spec.height);
      x += spec.width;
      height = Math.max(height, spec.height);
    }
    y += height;
  }
  return {
    annotations: { list: annotations(provider) },
    description,
    editable: true,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links,
    panels,
    refresh: '30s',
    schemaVersion: 39,
    tags: ['sms-dispatch'],
    templating: { list: [datasource, ...variables] },
    time: { from: 'now-6h', to: 'now' },
    timepicker: {},
    timezone: '',
    title,
    uid,
    version: 1,
    weekStart: '',
  };
}
