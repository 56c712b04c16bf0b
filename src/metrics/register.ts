import { Counter, collectDefaultMetrics, Gauge, Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { CATALOGUE, type Catalogue, type KeyOf, type LabelOf, type MetricSpec } from './catalogue.ts';
import { bornSeries } from './series.ts';

export const OPEN_METRICS_TYPE = Registry.OPENMETRICS_CONTENT_TYPE;

/**
 * Formats the metrics as OpenMetrics, the only format with exemplars.
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 *
 * A registry of prom-client 15 has one format, and for OpenMetrics it permanently cuts `_total` off the names of its counters. So
 * each answer uses a temporary registry with copies that may be renamed; the originals keep counting.
 */
export function openMetricsText(registry: Registry): Promise<string> {
  const view = new Registry<OpenMetricsContentType>();
  view.setContentType(OPEN_METRICS_TYPE);
  for (const { name } of registry.getMetricsAsArray()) view.registerMetric(Object.create(registry.getSingleMetric(name) as object));
  return view.metrics();
}

/** Gauges that prom-client 15 names like counters, to which `promtool check metrics` objects; each has a correct twin. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Registers CPU, memory, file descriptors, event-loop lag and garbage collection, under the names common to Node exporters. */
export function collectProcessMetrics(registry: Registry): void {
  if (registry.getSingleMetric('process_start_time_seconds') !== undefined) return;
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}

type Instrument<K extends keyof Catalogue> = Catalogue[K]['type'] extends 'counter'
  ? Counter<LabelOf<K>>
  : Catalogue[K]['type'] extends 'histogram'
    ? Histogram<LabelOf<K>>
    : Gauge<LabelOf<K>>;

export type Instruments = { readonly [K in keyof Catalogue]: Instrument<K> };

/** Histograms with exemplars, which link a slow request to its trace. */
const WITH_EXEMPLARS: readonly string[] = ['providerDuration', 'alertToAccepted'] satisfies (keyof Catalogue)[];

/** Registers the whole catalogue; counters and histograms start with all series at 0. */
export function register(registry: Registry, providers: readonly string[], exemplars: boolean): Instruments {
  const entries = Object.entries(CATALOGUE).map(([key, spec]: [string, MetricSpec]) => {
    const { name, help, type, labels, buckets } = spec;
    const options = { name, help, labelNames: labels, registers: [registry] };
    if (type === 'gauge') return [key, new Gauge(options)];
    if (type === 'counter') return [key, new Counter(options)];
    const histogram = { ...options, buckets: [...(buckets ?? [])] };
    if (!exemplars || !WITH_EXEMPLARS.includes(key)) return [key, new Histogram(histogram)];
    // Registered manually: prom-client would switch the whole registry to OpenMetrics, but the format is chosen per scrape.
    const traced = new Histogram({ ...histogram, registers: [], enableExemplars: true });
    registry.registerMetric(traced);
    return [key, traced];
  });
  const instruments = Object.fromEntries(entries) as Instruments;
  zero(instruments, bornSeries(providers));
  return instruments;
}

/** Adds series at 0 for more providers; existing series are kept. */
export function registerProviders(instruments: Instruments, known: readonly string[], more: readonly string[]): void {
  const before = bornSeries(known);
  const all = bornSeries([...new Set([...known, ...more])]);
  const fresh = Object.entries(all).map(([key, rows]) => {
    const there = new Set(before[key as keyof typeof before].map((row) => row.join('\n')));
    return [key, rows.filter((row) => !there.has(row.join('\n')))];
  });
  zero(instruments, Object.fromEntries(fresh));
}

function zero(instruments: Instruments, series: ReturnType<typeof bornSeries>): void {
  for (const [key, rows] of Object.entries(series)) {
    const instrument: Counter | Histogram = instruments[key as KeyOf<'counter' | 'histogram'>];
    const labels: readonly string[] = CATALOGUE[key as keyof Catalogue].labels;
    for (const row of rows) {
      const values = Object.fromEntries(labels.map((label, i) => [label, row[i] ?? '']));
      if (instrument instanceof Counter) instrument.inc(values, 0);
      else instrument.zero(values);
    }
  }
}
