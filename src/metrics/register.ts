import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CATALOGUE, type Catalogue, type KeyOf, type LabelOf, type MetricSpec } from './catalogue.ts';
import { bornSeries } from './series.ts';

type Instrument<K extends keyof Catalogue> = Catalogue[K]['type'] extends 'counter'
  ? Counter<LabelOf<K>>
  : Catalogue[K]['type'] extends 'histogram'
    ? Histogram<LabelOf<K>>
    : Gauge<LabelOf<K>>;

export type Instruments = { readonly [K in keyof Catalogue]: Instrument<K> };

/** Those that lead from a slow request to its trace. */
const WITH_EXEMPLARS: readonly string[] = ['providerDuration', 'alertToAccepted'] satisfies (keyof Catalogue)[];

/** Registers the whole catalogue; counters and histograms start with every series at 0. */
export function register(registry: Registry, providers: readonly string[], exemplars: boolean): Instruments {
  const entries = Object.entries(CATALOGUE).map(([key, spec]: [string, MetricSpec]) => {
    const { name, help, type, labels, buckets } = spec;
    const options = { name, help, labelNames: labels, registers: [registry] };
    if (type === 'gauge') return [key, new Gauge(options)];
    if (type === 'counter') return [key, new Counter(options)];
    const histogram = { ...options, buckets: [...(buckets ?? [])] };
    if (!exemplars || !WITH_EXEMPLARS.includes(key)) return [key, new Histogram(histogram)];
    // Registered by hand: prom-client would have the whole registry speak OpenMetrics; we choose at each scrape.
    const traced = new Histogram({ ...histogram, registers: [], enableExemplars: true });
    registry.registerMetric(traced);
    return [key, traced];
  });
  const instruments = Object.fromEntries(entries) as Instruments;
  zero(instruments, bornSeries(providers));
  return instruments;
}

/** Starts at 0 what more providers can count; what those known before have counted stays. */
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
