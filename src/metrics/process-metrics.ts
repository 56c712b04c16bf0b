import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Gauges that prom-client 15 names like counters, which `promtool check metrics` objects to; each has a twin by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** CPU, memory, file descriptors, event-loop lag and garbage collection, under the names that all Node exporters use. */
export function collectProcessMetrics(registry: Registry): void {
  if (registry.getSingleMetric('process_start_time_seconds') !== undefined) return;
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
}
