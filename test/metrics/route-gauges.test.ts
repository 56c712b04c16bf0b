import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { laneOf, queueOf } from '../cli/overviews.ts';
import { samples } from './samples.ts';

const hour = 3_600_000;

function setup(routes = [laneOf('default', ['a', 'b']), laneOf('login', ['b'])]) {
  const metrics = createMetrics({ providers: ['a', 'b', 'spare'], routes, version: '0.1.0', role: 'dispatcher' });
  const up = async () => {
    const seen = samples(await metrics.text());
    return ['default', 'login'].map((route) => seen.get(`sms_route_providers_up{route="${route}"}`));
  };
  return { metrics, up };
}

it('counts the providers of each route that may be used, from the start and through open, tried and recovered circuits', async () => {
  const { metrics, up } = setup();
  expect(await up()).toEqual([2, 1]);
  metrics.circuit('b', 'open');
  metrics.circuit('spare', 'open');
  expect(await up()).toEqual([1, 0]);
  metrics.circuit('b', 'half_open');
  expect(await up()).toEqual([1, 0]);
  metrics.circuit('b', 'recovering');
  expect(await up()).toEqual([2, 1]);
  expect(samples(await metrics.text()).get('sms_provider_circuit_state{provider="b"}')).toBe(1);
});

it('a provider that asked for a pause is not counted until the pause is over', async () => {
  const { metrics, up } = setup();
  metrics.providerPaused('b', new Date(Date.now() + hour));
  expect(await up()).toEqual([1, 0]);
  metrics.providerPaused('b', new Date(Date.now() - 1));
  expect(await up()).toEqual([2, 1]);
});

it('the countries of a route that are worst off decide, and a new config begins with all of its providers', async () => {
  const { metrics, up } = setup([laneOf('default', ['a', 'b']), laneOf('default', ['b'], { countries: ['86'] })]);
  metrics.circuit('b', 'open');
  expect(await up()).toEqual([0, undefined]);
  metrics.circuitsOf(['a', 'b'], [laneOf('login', ['a', 'b'])]);
  expect(await up()).toEqual([undefined, 2]);
});

it('a route shows what its cheapest message costs, and none without prices', async () => {
  const { metrics } = setup([
    laneOf('default', ['a'], { price: { cheapest: 50_000, dearest: 90_000 } }),
    laneOf('default', ['b'], { countries: ['86'], price: { cheapest: 20_000, dearest: 20_000 } }),
    laneOf('login', ['b']),
  ]);
  const seen = samples(await metrics.text());
  expect(seen.get('sms_route_price{route="default"}')).toBe(0.02);
  expect(seen.has('sms_route_price{route="login"}')).toBe(false);
});

it('a process that sends nothing has no routes', async () => {
  const metrics = createMetrics({ providers: ['a'], version: '0.1.0', role: 'receiver' });
  expect([...samples(await metrics.text()).keys()].filter((series) => series.startsWith('sms_route_'))).toEqual([]);
});

it('held criticals are shown by reason and by route, at 0 from the start; a route that is gone counts as other', async () => {
  let groups: { route: string; reason: string; count: number; oldestSeconds: number; until: null; oldest: string }[] = [];
  const metrics = createMetrics({
    providers: ['a'],
    version: '0.1.0',
    role: 'start',
    sources: {
      inFlight: async () => 0,
      queues: async () => [queueOf('sms-messages', { paused: true }), queueOf('sms-alerts')],
      held: async () => ({ groups, routes: ['default'] }),
    },
  });
  const shown = async () => {
    const seen = samples(await metrics.text());
    return [
      'sms_criticals_held{reason="budget"}',
      'sms_criticals_held{reason="auth"}',
      'sms_critical_held_seconds{route="default"}',
      'sms_critical_held_seconds{route="other"}',
    ].map((series) => seen.get(series));
  };
  expect(await shown()).toEqual([0, 0, 0, undefined]);
  const one = { until: null, oldest: 'm', count: 1 };
  groups = [
    { ...one, route: 'default', reason: 'budget', oldestSeconds: 300 },
    { ...one, route: 'default', reason: 'auth', oldestSeconds: 200 },
    { ...one, route: 'gone', reason: 'budget', oldestSeconds: 100 },
  ];
  expect(await shown()).toEqual([2, 1, 300, 100]);
  const seen = samples(await metrics.text());
  expect([seen.get('sms_queue_paused{queue="sms-messages"}'), seen.get('sms_queue_paused{queue="sms-alerts"}')]).toEqual([1, 0]);
});
