import { badFrom, bars, heatmap, lines, type PanelSpec, timeline, words } from './panel.ts';

const P = '{provider=~"$provider"';
const quantile = (q: number, metric: string) =>
  `histogram_quantile(${q}, sum by (le, provider) (rate(${metric}_bucket${P}}[$__rate_interval])))`;

/** Provider panels of both boards. */
export function providerPanels(links: readonly object[] = []) {
  const look = { links: links as never };
  return {
    results: lines(
      'Requests by result',
      "Requests to providers. 'unknown': the request was sent and got no readable answer.",
      [[`sum by (provider, result) (rate(sms_provider_requests_total${P}}[$__rate_interval]))`, '{{provider}} {{result}}']],
      { unit: 'reqps', ...look },
    ),
    reasons: lines(
      'Refusals and unknowns by reason',
      'Refusals and unknown outcomes by reason. auth and balance need an operator immediately. A code that is not listed should be added to the code table of that vendor.',
      [
        [
          `sum by (provider, reason) (rate(sms_provider_requests_total${P},result!="accepted"}[$__rate_interval])) > 0`,
          '{{provider}}: {{reason}}',
        ],
        [`sum by (provider) (rate(sms_provider_unlisted_codes_total${P}}[$__rate_interval])) > 0`, '{{provider}}: code not listed'],
      ],
      { unit: 'reqps', ...look },
    ),
    duration: lines(
      'Request duration',
      'Duration of a request, from connect to the last byte of the response.',
      [0.5, 0.95].map((q) => [quantile(q, 'sms_provider_request_duration_seconds'), `{{provider}} p${q * 100}`] as const),
      { unit: 's', ...look },
    ),
    circuit: timeline(
      'Circuit',
      'Circuit breaker of each provider, the worst state in any process. While it is open, nothing is sent there.',
      [[`max by (provider) (sms_provider_circuit_state${P}})`, '{{provider}}']],
      {
        unit: 'none',
        mappings: words('closed', 'half-open', 'open'),
        steps: [{ color: 'green', value: null }, { color: 'orange', value: 1 }, ...badFrom('SmsCircuitOpen').slice(1)],
        ...look,
      },
    ),
    again: lines(
      'Retries and failovers',
      'Retries at the same provider, and messages passed to the next one.',
      [
        [`sum by (provider, reason) (rate(sms_retries_total${P}}[$__rate_interval])) > 0`, '{{provider}} again: {{reason}}'],
        ['sum by (from, to) (rate(sms_failovers_total{from=~"$provider"}[$__rate_interval])) > 0', '{{from}} → {{to}}'],
      ],
      { unit: 'reqps', ...look },
    ),
    unknowns: bars(
      'Unknown outcomes by resolution',
      'Resolutions of requests with unknown outcome.',
      [[`sum by (provider, resolution) (increase(sms_unknown_outcomes_total${P}}[$__rate_interval])) > 0`, '{{provider}}: {{resolution}}']],
      { unit: 'short', ...look },
    ),
    segments: lines(
      'Segments per hour',
      'Segments accepted by providers, which most of them bill by.',
      [[`sum by (provider) (rate(sms_segments_total${P}}[$__rate_interval])) * 3600`, '{{provider}}']],
      { unit: 'short', ...look },
    ),
    cost: lines(
      'Cost per hour',
      'Cost of accepted messages in units of money.currency: as reported by the vendor, else by money.prices.',
      [[`sum by (provider) (rate(sms_cost_total${P}}[$__rate_interval])) * 3600`, '{{provider}}']],
      { unit: 'short', ...look },
    ),
    receipts: lines(
      'Receipts',
      'Delivery receipts. forged: failed authentication. unmatched: unknown message.',
      [[`sum by (provider, state) (rate(sms_receipts_total${P}}[$__rate_interval]))`, '{{provider}} {{state}}']],
      { unit: 'reqps', ...look },
    ),
    undelivered: lines(
      'Undelivered, 1 h',
      'Share of the receipts of the last hour that report undelivered; fewer than five count as five. The alert fires above the line.',
      [
        [
          `sum by (provider) (increase(sms_receipts_total${P},state="undelivered"}[1h])) / clamp_min(sum by (provider) (increase(sms_receipts_total${P},state=~"delivered|undelivered"}[1h])), 5)`,
          '{{provider}}',
        ],
      ],
      { unit: 'percentunit', steps: badFrom('SmsReceiptsUndelivered'), ...look },
    ),
    delivery: lines(
      'Accepted to delivered',
      'Time from acceptance by a provider to the receipt that reports delivery.',
      [0.5, 0.95].map((q) => [quantile(q, 'sms_accepted_to_delivered_seconds'), `{{provider}} p${q * 100}`] as const),
      { unit: 's', ...look },
    ),
    durations: heatmap(
      'Request duration, distribution',
      'The same as a heat map: a second band shows a second cause, such as a slow region or a proxy.',
      `sum by (le) (increase(sms_provider_request_duration_seconds_bucket${P}}[$__rate_interval]))`,
      { unit: 's' },
    ),
  } satisfies Record<string, PanelSpec>;
}
