import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CATALOGUE, type Catalogue, type KeyOf, type LabelOf, type MetricSpec } from './catalogue.ts';
import { bornSeries } from './series.ts';

type Instrument<K extends keyof Catalogue> = Catalogue[K]['type'] extends 'counter'
  ? Counter<LabelOf<K>>
  : Catalogue[K]['type'] extends 'histogram'
    ? Histogram<LabelOf<K>>
    : Gauge<LabelOf<K>>;

export type Instruments = { readonly [K in keyof Catalogue]: Instrument<K> };

/** Registers the whole catalogue; counters and histograms start with every series at 0. */
export function register(registry: Registry, providers: readonly string[]): Instruments {
  const born = bornSeries(providers);
  const entries = Object.entries(CATALOGUE).map(([key, spec]: [string, MetricSpec]) => {
    const { name, help, type, labels, buckets } = spec;
    const options = { name, help, labelNames: labels, registers: [registry] };
    const rows = (born[key as KeyOf<'counter' | 'histogram'>] ?? []).map((row) =>
      Object.fromEntries(labels.map((label, i) => [label, row[i] ?? ''])),
    );
    if (type === 'gauge') return [key, new Gauge(options)];
    if (type === 'counter') {
      const counter = new Counter(options);
      for (const row of rows) counter.inc(row, 0);
      return [key, counter];
    }
    const histogram = new Histogram({ ...options, buckets: [...(buckets ?? [])] });
    for (const row of rows) histogram.zero(row);
    return [key, histogram];
  });
  return Object.fromEntries(entries) as Instruments;
}
