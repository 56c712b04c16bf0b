import { boardLink, buildBoard, labelVariable, type Row } from './board.ts';
import { badFrom, lines, type PanelSpec, stat, timeline, words } from './panel.ts';
import { providerPanels } from './providers-row.ts';

const P = 'provider=~"$provider"';
const shown = providerPanels();

const now: PanelSpec[] = [
  stat(
    'Circuit now',
    'The worst circuit state in any process.',
    [[`max(max_over_time(sms_provider_circuit_state{${P}}[90s]))`, 'circuit']],
    {
      unit: 'none',
      mappings: words('closed', 'half-open', 'open'),
      steps: badFrom('SmsCircuitOpen'),
    },
  ),
  stat(
    'Requests, 1 h',
    'Requests of the last hour, with any result.',
    [[`sum(increase(sms_provider_requests_total{${P}}[1h]))`, 'requests']],
    {
      unit: 'short',
      decimals: 0,
    },
  ),
  stat(
    'Accepted, 1 h',
    'Share of those requests that were accepted.',
    [
      [
        `sum(increase(sms_provider_requests_total{${P},result="accepted"}[1h])) / clamp_min(sum(increase(sms_provider_requests_total{${P}}[1h])), 1)`,
        'accepted',
      ],
    ],
    { unit: 'percentunit', decimals: 1 },
  ),
  stat(
    'Unknown, 15 min',
    'Requests that were sent and got no readable answer.',
    [[`sum(increase(sms_provider_requests_total{${P},result="unknown"}[15m]))`, 'unknown']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsUnknownOutcomes') },
  ),
  stat(
    'Account refused, 10 min',
    'Refusals for credentials, permissions or balance, which need an operator: sms-dispatch providers check.',
    [[`sum(increase(sms_provider_requests_total{${P},result="refused",reason=~"auth|balance"}[10m]))`, 'refused']],
    { unit: 'short', decimals: 0, steps: badFrom('SmsProviderAccount') },
  ),
  stat(
    'Undelivered share, 1 h',
    'Share of the receipts of the last hour that report undelivered; fewer than five count as five.',
    [
      [
        `sum(increase(sms_receipts_total{${P},state="undelivered"}[1h])) / clamp_min(sum(increase(sms_receipts_total{${P},state=~"delivered|undelivered"}[1h])), 5)`,
        'undelivered',
      ],
    ],
    { unit: 'percentunit', decimals: 1, steps: badFrom('SmsReceiptsUndelivered') },
  ),
  stat(
    'Segments, 24 h',
    'Segments accepted in the last day, which most vendors bill by.',
    [[`sum(increase(sms_segments_total{${P}}[1d]))`, 'segments']],
    {
      unit: 'short',
      decimals: 0,
    },
  ),
  stat('Cost, 24 h', 'Their cost, in units of money.currency; 0 without prices.', [[`sum(increase(sms_cost_total{${P}}[1d]))`, 'cost']], {
    unit: 'short',
    decimals: 2,
  }),
];

const perProcess = timeline(
  'Circuit by process',
  'Each process has its own breaker. If only one is open, check the network of that process.',
  [[`max by (instance) (sms_provider_circuit_state{${P}})`, '{{instance}}']],
  {
    unit: 'none',
    mappings: words('closed', 'half-open', 'open'),
    steps: [{ color: 'green', value: null }, { color: 'orange', value: 1 }, ...badFrom('SmsCircuitOpen').slice(1)],
  },
);
const takenOver = lines(
  'Failed over from others',
  'Messages that failed over to this provider from others of the route.',
  [['sum by (from) (rate(sms_failovers_total{to=~"$provider"}[$__rate_interval]))', 'from {{from}}']],
  { unit: 'reqps' },
);
const inbound = lines(
  'Inbound messages',
  'Opt-outs, opt-ins, acknowledgements and others. forged: the signature was wrong.',
  [[`sum by (kind) (rate(sms_inbound_total{${P}}[$__rate_interval]))`, '{{kind}}']],
  { unit: 'reqps' },
);

const rows: Row[] = [
  ['Now', now],
  ['Requests', [shown.results, shown.reasons, shown.unknowns, shown.duration, shown.durations, shown.again]],
  ['Circuit', [shown.circuit, perProcess, takenOver]],
  ['Receipts', [shown.receipts, shown.undelivered, shown.delivery, inbound]],
  ['Money', [shown.segments, shown.cost]],
];

/** All that is known of one provider. */
export const providerBoard = () =>
  buildBoard({
    uid: 'sms-dispatch-provider',
    title: 'sms-dispatch provider',
    description: 'Details of one provider: results, latency, receipts, cost.',
    variables: [labelVariable('provider', 'Provider', 'sms_provider_requests_total', false)],
    links: [boardLink('Overview', 'sms-dispatch-overview')],
    provider: '$provider',
    rows,
  });
