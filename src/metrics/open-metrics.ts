import { type OpenMetricsContentType, Registry } from 'prom-client';

export const OPEN_METRICS_TYPE = Registry.OPENMETRICS_CONTENT_TYPE;

/**
 * The same metrics in the OpenMetrics format, the only one that has exemplars.
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 *
 * A registry of prom-client 15 has one format, and in this one it cuts `_total` off the names of its counters for good. So
 * this one is made for one answer, of stand-ins that it may rename: they count nothing, whatever is counted is the originals'.
 */
export function openMetricsText(registry: Registry): Promise<string> {
  const view = new Registry<OpenMetricsContentType>();
  view.setContentType(OPEN_METRICS_TYPE);
  for (const { name } of registry.getMetricsAsArray()) view.registerMetric(Object.create(registry.getSingleMetric(name) as object));
  return view.metrics();
}
