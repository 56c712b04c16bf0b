import { badFrom, bars, heatmap, lines, type PanelSpec, timeline, words } from './panel.ts';

const P = '{provider=~"$provider"';
const quantile = (q: number, metric: string) =>
  `histogram_quantile(${q}, sum by (le, provider) (rate(${metric}_bucket${P}}[$__rate_interval])))`;

/** What is shown of providers on either board. */
export function providerPanels(links: readonly object[] = []) {
  const look = { links: links as never };
  return {
    results: lines(
      'Requests by result',
      "Requests to providers. 'unknown': the request was written and no readable answer came back.",
      [[`sum by (provider, result) (rate(sms_provider_requests_total${P}}[$__rate_interval]))`, '{{provider}} {{result}}']],
      { unit: 'reqps', ...look },
    ),
    reasons: lines(
      'Refusals and unknowns by reason',
      'What providers did other than accept, and why. auth and balance are ours to mend, at once. A code that we do not know belongs into our table of that vendor.',
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
      'How long a request took, from connect to the last byte of the answer.',
      [0.5, 0.95].map((q) => [quantile(q, 'sms_provider_request_duration_seconds'), `{{provider}} p${q * 100}`] as const),
      { unit: 's', ...look },
    ),
    circuit: timeline(
      'Circuit',
      'Circuit breaker of each provider, as the worst off process sees it. While it is open nothing is sent there.',
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
      'Sends repeated at the same provider, and messages handed to the next one.',
      [
        [`sum by (provider, reason) (rate(sms_retries_total${P}}[$__rate_interval])) > 0`, '{{provider}} again: {{reason}}'],
        ['sum by (from, to) (rate(sms_failovers_total{from=~"$provider"}[$__rate_interval])) > 0', '{{from}} → {{to}}'],
      ],
      { unit: 'reqps', ...look },
    ),
    unknowns: bars(
      'Unknown outcomes by resolution',
      'What was done about sends of which nobody could say whether they went out.',
      [[`sum by (provider, resolution) (increase(sms_unknown_outcomes_total${P}}[$__rate_interval])) > 0`, '{{provider}}: {{resolution}}']],
      { unit: 'short', ...look },
    ),
    segments: lines(
      'Segments per hour',
      'Segments that providers accepted, which is what most of them bill.',
      [[`sum by (provider) (rate(sms_segments_total${P}}[$__rate_interval])) * 3600`, '{{provider}}']],
      { unit: 'short', ...look },
    ),
    cost: lines(
      'Cost per hour',
      'What accepted texts cost, in units of money.currency: as the vendor says, else by money.prices.',
      [[`sum by (provider) (rate(sms_cost_total${P}}[$__rate_interval])) * 3600`, '{{provider}}']],
      { unit: 'short', ...look },
    ),
    receipts: lines(
      'Receipts',
      'What providers reported afterwards. forged: the proof of origin was wrong. unmatched: no such message.',
      [[`sum by (provider, state) (rate(sms_receipts_total${P}}[$__rate_interval]))`, '{{provider}} {{state}}']],
      { unit: 'reqps', ...look },
    ),
    undelivered: lines(
      'Undelivered, 1 h',
      'Share of the receipts of the last hour that say undelivered; fewer than five count as five. Above the line the alert fires.',
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
      "From a provider's yes to its receipt saying delivered.",
      [0.5, 0.95].map((q) => [quantile(q, 'sms_accepted_to_delivered_seconds'), `{{provider}} p${q * 100}`] as const),
      { unit: 's', ...look },
    ),
    durations: heatmap(
      'Request duration, all of them',
      'The same as a heat map: a second band is a second cause, such as a slow region or a proxy.',
      `sum by (le) (increase(sms_provider_request_duration_seconds_bucket${P}}[$__rate_interval]))`,
      { unit: 's' },
    ),
  } satisfies Record<string, PanelSpec>;
}
