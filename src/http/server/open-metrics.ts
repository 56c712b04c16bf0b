const OPEN_METRICS = 'application/openmetrics-text';
const PLAIN = 'text/plain';

/** By the header `Accept`: whether a scraper would rather have OpenMetrics than the plain text format. */
export function asksForOpenMetrics(accept = ''): boolean {
  const weights = new Map(accept.split(',').map(weightOf).reverse());
  const weight = weights.get(OPEN_METRICS) ?? 0;
  return weight > 0 && weight >= (weights.get(PLAIN) ?? 0);
}

/** `text/plain;version=0.0.4;q=0.5` → `text/plain`, 0.5. */
function weightOf(entry: string): [type: string, weight: number] {
  const [type = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return [type, Number.isNaN(weight) ? 0 : weight];
}
