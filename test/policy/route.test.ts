import { describe, expect, test } from 'vitest';
import { type Policy, pickRoute, policyFor, type Routable, type Route, type RouteMatch } from '../../src/policy/route.ts';

const ALERT: Routable = { severity: 'critical', purpose: 'alert', source: 'checkout', labels: { team: 'payments', region: 'kl' } };

function route(name: string, match: RouteMatch, more: Partial<Route> = {}): Route {
  return { name, match, expiresAfterMs: 3_600_000, providers: ['p'], overflow: 'defer', ...more };
}

describe('the first route that matches is taken', () => {
  test('even where a later one says more', () => {
    const routes = [route('other', { source: 'billing' }), route('all', {}), route('exact', { source: 'checkout', severity: 'critical' })];
    expect(pickRoute(routes, ALERT)?.name).toBe('all');
  });

  test('and there may be none', () => {
    expect(pickRoute([route('other', { source: 'billing' })], ALERT)).toBeUndefined();
    expect(pickRoute([], ALERT)).toBeUndefined();
  });
});

describe('a route matches', () => {
  test.each<[name: string, match: RouteMatch, yes: boolean]>([
    ['all when it asks nothing', {}, true],
    ['all when it asks for no label', { labels: {} }, true],
    ['the severity', { severity: 'critical' }, true],
    ['no other severity', { severity: 'error' }, false],
    ['one of several severities', { severity: ['error', 'critical'] }, true],
    ['none of several severities', { severity: ['error', 'info'] }, false],
    ['nothing when it lists nothing', { severity: [] }, false],
    ['the purpose', { purpose: 'alert' }, true],
    ['no other purpose', { purpose: 'verification' }, false],
    ['the source', { source: 'checkout' }, true],
    ['no part of the source', { source: 'check' }, false],
    ['the source in its own case', { source: 'Checkout' }, false],
    ['part of the source by pattern', { source: /^check/ }, true],
    ['any case by pattern', { source: /^CHECKOUT$/i }, true],
    ['no other source by pattern', { source: /^bill/ }, false],
    ['a label', { labels: { team: 'payments' } }, true],
    ['several labels', { labels: { team: ['payments', 'web'], region: /^k/ } }, true],
    ['no other label value', { labels: { team: 'web' } }, false],
    ['only when every label does', { labels: { team: 'payments', region: 'sg' } }, false],
    ['no label that is missing', { labels: { zone: 'a' } }, false],
    ['no label that is missing, by any pattern', { labels: { zone: /.*/ } }, false],
    ['no label that every object has', { labels: { constructor: /.*/, toString: /.*/ } }, false],
    ['only when every part does', { severity: 'critical', source: 'billing' }, false],
  ])('%s', (_name, match, yes) => {
    expect(pickRoute([route('it', match)], ALERT) !== undefined).toBe(yes);
  });

  test('no source that is missing, by any pattern', () => {
    const { source: _source, ...anonymous } = ALERT;
    expect(pickRoute([route('it', { source: /.*/ })], anonymous)).toBeUndefined();
    expect(pickRoute([route('it', { source: /.*/ })], { ...ALERT, source: undefined })).toBeUndefined();
    expect(pickRoute([route('it', {})], anonymous)).toBeDefined();
  });

  test('a label whose value is empty', () => {
    expect(pickRoute([route('it', { labels: { team: '' } })], { ...ALERT, labels: { team: '' } })).toBeDefined();
    expect(pickRoute([route('it', { labels: { team: /^$/ } })], { ...ALERT, labels: { team: '' } })).toBeDefined();
  });

  test('the same alert each time, also by a pattern with the flag g', () => {
    const routes = [route('it', { source: /check/g, labels: { team: /payments/g } })];
    expect(Array.from({ length: 4 }, () => pickRoute(routes, ALERT)?.name)).toEqual(['it', 'it', 'it', 'it']);
  });
});

describe('what a route leaves out depends on the alert', () => {
  const { overflow: _, ...bare } = route('it', {}, { providers: ['a', 'b'] });
  const policy = (more: Partial<Policy>): Policy => ({
    route: 'it',
    minSeverity: 'critical',
    dedupeForMs: 1_800_000,
    expiresAfterMs: 3_600_000,
    providers: ['a', 'b'],
    overflow: 'defer',
    onUnknown: 'hold',
    ...more,
  });

  test.each<[purpose: Routable['purpose'], severity: Routable['severity'], policy: Policy]>([
    ['alert', 'critical', policy({ overflow: 'digest', onUnknown: 'resend' })],
    ['alert', 'error', policy({ overflow: 'digest' })],
    ['alert', 'info', policy({ overflow: 'digest' })],
    ['verification', 'critical', policy({ minSeverity: 'info', dedupeForMs: 0, onUnknown: 'resend' })],
    ['verification', 'info', policy({ minSeverity: 'info', dedupeForMs: 0 })],
    ['notification', 'warning', policy({ minSeverity: 'info', dedupeForMs: 0 })],
  ])('%s, %s', (purpose, severity, expected) => {
    expect(policyFor(bare, { ...ALERT, purpose, severity })).toEqual(expected);
  });

  test('and what it says holds, also 0', () => {
    const full = route('it', {}, { minSeverity: 'warning', dedupeForMs: 0, expiresAfterMs: 1, overflow: 'drop', onUnknown: 'hold' });
    expect(policyFor(full, ALERT)).toEqual({
      route: 'it',
      minSeverity: 'warning',
      dedupeForMs: 0,
      expiresAfterMs: 1,
      providers: ['p'],
      overflow: 'drop',
      onUnknown: 'hold',
    });
    const other = { ...ALERT, purpose: 'notification', severity: 'info' } as const;
    expect(policyFor(route('it', {}, { onUnknown: 'resend' }), other)).toMatchObject({ onUnknown: 'resend' });
  });
});

describe('dedupeFor of a route', () => {
  const HALF_AN_HOUR = 1_800_000;
  test.each<[written: number | undefined, match: RouteMatch, purpose: Routable['purpose'], dedupeForMs: number]>([
    [undefined, {}, 'alert', HALF_AN_HOUR],
    [undefined, { purpose: 'alert' }, 'alert', HALF_AN_HOUR],
    [undefined, { purpose: 'verification' }, 'verification', 0],
    [undefined, { purpose: ['verification', 'notification'] }, 'notification', 0],
    [5, {}, 'alert', 5],
    [5, { source: 'checkout' }, 'verification', 0],
    [5, {}, 'verification', 0],
    [5, {}, 'notification', 0],
    [5, { purpose: 'verification' }, 'verification', 5],
    [5, { purpose: ['alert', 'notification'] }, 'notification', 5],
    [5, { purpose: /^(verif|notif)ication$/ }, 'verification', 5],
    [0, { purpose: 'alert' }, 'alert', 0],
    [0, { purpose: 'notification' }, 'notification', 0],
  ])('of %s ms that matches %j is, for a %s, %d ms', (written, match, purpose, dedupeForMs) => {
    const policy = policyFor(route('it', match, written === undefined ? {} : { dedupeForMs: written }), { ...ALERT, purpose });
    expect(policy.dedupeForMs).toBe(dedupeForMs);
  });
});
