import { thresholdOf } from './rules.ts';

type Json = Readonly<Record<string, unknown>>;

// biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of Grafana
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A panel of a board, without its place. */
export interface PanelSpec {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly body: Json;
}

/** PromQL, and what its series are called, in Grafana's syntax. */
export type Target = readonly [expr: string, legend: string];

export interface Look {
  readonly unit: string;
  readonly width?: number;
  readonly decimals?: number;
  /** Colours or lines at the thresholds of rules. */
  readonly steps?: Steps;
  readonly min?: number;
  readonly mappings?: readonly Json[];
  readonly overrides?: readonly Json[];
  readonly links?: readonly Json[];
}

type Steps = readonly { readonly color: string; readonly value: number | null }[];
const NO_STEPS: Steps = [{ color: 'green', value: null }];

/** Bad from the number of a rule on: orange for the first of two, red for the last. */
export function badFrom(...alerts: readonly string[]): Steps {
  const colors = alerts.length > 1 ? ['orange', 'red'] : ['red'];
  return [...NO_STEPS, ...alerts.map((alert, i) => ({ color: colors[i] ?? 'red', value: thresholdOf(alert) }))];
}

/** Bad below the number of a rule. */
export function badBelow(alert: string): Steps {
  return [
    { color: 'red', value: null },
    { color: 'green', value: thresholdOf(alert) },
  ];
}

function panel(
  type: string,
  title: string,
  description: string,
  targets: readonly Target[],
  look: Look,
  rest: Json,
  more: Json = {},
): PanelSpec {
  const { unit, width = 8, decimals, steps = NO_STEPS, min, mappings = [], overrides = [], links } = look;
  const { custom, color, ...options } = rest as { custom?: Json; color?: Json };
  const body = {
    type,
    title,
    description,
    datasource: DATASOURCE,
    targets: targets.map(([expr, legendFormat], i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      legendFormat,
      range: true,
      ...more,
    })),
    fieldConfig: {
      defaults: {
        unit,
        ...(decimals === undefined ? {} : { decimals }),
        ...(min === undefined ? {} : { min }),
        color: color ?? { mode: 'palette-classic' },
        ...(custom === undefined ? {} : { custom }),
        thresholds: { mode: 'absolute', steps },
        mappings,
        ...(links === undefined ? {} : { links }),
      },
      overrides,
    },
    options,
  };
  return { title, description, width, height: type === 'stat' ? 4 : 8, body };
}

/** One number, or a few. */
export function stat(title: string, description: string, targets: readonly Target[], look: Look): PanelSpec {
  return panel(
    'stat',
    title,
    description,
    targets,
    { width: 3, ...look },
    {
      color: { mode: 'thresholds' },
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: look.steps === undefined ? 'value' : 'background_solid',
      graphMode: targets.length === 1 ? 'area' : 'none',
      justifyMode: 'auto',
      orientation: 'auto',
      textMode: targets.length === 1 ? 'value' : 'value_and_name',
      wideLayout: true,
    },
  );
}

const LEGEND = { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] };

function graph(drawStyle: 'line' | 'bars', stacked: boolean) {
  return (title: string, description: string, targets: readonly Target[], look: Look): PanelSpec =>
    panel(
      'timeseries',
      title,
      description,
      targets,
      { min: 0, ...look },
      {
        custom: {
          drawStyle,
          lineInterpolation: 'linear',
          lineWidth: 1,
          fillOpacity: drawStyle === 'bars' ? 80 : stacked ? 30 : 10,
          showPoints: 'never',
          spanNulls: false,
          stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
          axisPlacement: 'auto',
          thresholdsStyle: { mode: look.steps === undefined ? 'off' : 'line' },
        },
        legend: LEGEND,
        tooltip: { mode: 'multi', sort: 'desc' },
      },
    );
}

export const lines = graph('line', false);
export const area = graph('line', true);
export const bars = graph('bars', true);

/** States over time, worded. */
export function timeline(title: string, description: string, targets: readonly Target[], look: Look): PanelSpec {
  return panel('state-timeline', title, description, targets, look, {
    color: { mode: 'thresholds' },
    custom: { fillOpacity: 80, lineWidth: 0 },
    showValue: 'auto',
    mergeValues: true,
    alignValue: 'center',
    rowHeight: 0.8,
    legend: LEGEND,
    tooltip: { mode: 'single', sort: 'none' },
  });
}

/** Of a histogram's buckets. */
export function heatmap(title: string, description: string, expr: string, look: Look): PanelSpec {
  const rest = {
    custom: { hideFrom: { legend: false, tooltip: false, viz: false }, scaleDistribution: { type: 'linear' } },
    calculate: false,
    cellGap: 1,
    cellValues: { unit: 'short' },
    color: { mode: 'thresholds' },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: 'auto' },
    showValue: 'never',
    tooltip: { mode: 'single', showColorScale: false, yHistogram: false },
    yAxis: { axisPlacement: 'left', reverse: false, unit: look.unit },
  };
  const made = panel('heatmap', title, description, [[expr, '{{le}}']], look, rest, { format: 'heatmap' });
  const scheme = { mode: 'scheme', scheme: 'Oranges', steps: 64, exponent: 0.5, fill: 'dark-orange', reverse: false, scale: 'exponential' };
  return { ...made, body: { ...made.body, options: { ...(made.body.options as Json), color: scheme } } };
}

/** Value → word. */
export function words(...texts: readonly string[]): Json[] {
  return [{ type: 'value', options: Object.fromEntries(texts.map((text, index) => [index, { text, index }])) }];
}
