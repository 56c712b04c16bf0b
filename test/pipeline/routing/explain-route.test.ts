import { describe, expect, test } from 'vitest';
import { AlertError } from '../../../src/alert/parse/parse-alert.ts';
import { describeRoute } from '../../../src/cli/config/describe-route.ts';
import { explainRoute } from '../../../src/pipeline/routing/explain-route.ts';
import { loadYaml } from '../../config/load-yaml.ts';

const { config } = loadYaml(`
providers: { desk: { type: simulated }, spare: { type: simulated } }
routes:
  - { name: login-codes, match: { purpose: verification }, providers: [desk] }
  - { name: payments, match: { severity: [error, critical], source: shop, labels: { team: /^pay/ } }, minSeverity: error, dedupeFor: 0, providers: [spare, desk], overflow: drop }
  - { name: mine, match: { source: mine }, providers: [desk] }
contacts:
  alice: { phone: "+60123456789", consent: true }
  bob: { phone: "+60123456780" }
groups: { ops: [alice, bob] }
rotations: { night: { timeZone: UTC, shifts: [{ from: "20:00", to: "06:00", contacts: [alice] }] } }
quietHours: { from: "22:00", to: "06:00", timeZone: UTC }
`);
const noon = new Date('2026-11-20T12:00:00Z');
const alert = { to: 'group:ops', severity: 'critical', text: 'Disk full', source: 'shop', labels: { team: 'payments' } };
const explain = (change: object, now = noon) => explainRoute({ ...alert, ...change }, config, now);
const told = (change: object, now = noon) => describeRoute(explain(change, now), config);

describe('the route of an alert is explained', () => {
  test.each([
    ['by its first match', {}, 'payments', ['login-codes purpose']],
    ['past a source', { source: 'mine' }, 'mine', ['login-codes purpose', 'payments source']],
    ['past a severity', { source: 'mine', severity: 'info' }, 'mine', ['login-codes purpose', 'payments severity']],
    ['past a label', { labels: { team: 'ops' } }, 'none', ['login-codes purpose', 'payments labels.team', 'mine source']],
    ['past a label that it lacks', { labels: {} }, 'none', ['login-codes purpose', 'payments labels.team', 'mine source']],
    ['at the first one', { purpose: 'verification' }, 'login-codes', []],
  ])('%s', (_how, change, route, passedOver) => {
    const { policy, ...rest } = explain(change);
    expect(policy.route).toBe(route);
    expect(rest.matched).toBe(route !== 'none');
    expect(rest.passedOver.map(({ route, key }) => `${route} ${key}`)).toEqual(passedOver);
  });

  test.each([
    [{}, undefined],
    [{ source: 'mine', severity: 'error' }, 'below_severity'],
    [{ status: 'resolved' }, 'resolved'],
    [{ expiresAt: '2026-11-20T11:59:59Z' }, 'expired'],
  ])('and what stops it: %j', (change, stops) => {
    expect(explain(change).stops).toBe(stops);
  });

  test('with the recipients and times, and those who receive nothing', () => {
    const fates = (change: object, at: string) =>
      explain(change, new Date(at)).recipients.map(({ contact, state, reason }) => [contact, state, reason]);
    expect(fates({}, '2026-11-20T23:00:00Z')).toEqual([
      ['alice', 'queued', null],
      ['bob', 'suppressed', 'no_consent'],
    ]);
    expect(fates({ source: 'mine', severity: 'error' }, '2026-11-20T23:00:00Z')[0]).toEqual(['alice', 'deferred', 'quiet_hours']);
  });

  test('and what is no alert is refused as a router would', () => {
    expect(() => explain({ to: 'contact:nobody' })).toThrow(AlertError);
  });
});

describe('a person reads', () => {
  test('the route, why not the others, the policy with its defaults, masked phones, and the text', () => {
    const text = told({ severity: 'error', instance: 'db-1' });
    for (const line of [
      'route        payments',
      'not          login-codes: purpose is alert, wants verification',
      'severity     error; the route sends from error up',
      'dedupe       off',
      'expires      after 1h',
      'providers    spare, then desk',
      'caps         each phone: 5 per 1h',
      'overflow     drop',
      'on unknown   hold',
      'quiet hours  22:00 to 06:00 UTC, except critical and above',
      '+60*******789  alice    spare,desk  1         sent immediately',
      '+60*******780  bob      spare,desk  1         not sent (no_consent)',
      'Instance: db-1, Priority: ERROR, Content: Disk full',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toMatch(/\d{9}/);
  });

  test.each([
    [{ source: 'mine', severity: 'error' }, /^Nothing would be sent: .*\(below_severity\)/m],
    [{ labels: {} }, /^route {8}no route matches: every provider/m],
    [{ labels: {} }, /^ +payments: labels\.team is not given, wants \/\^pay\/$/m],
    [{ to: 'rotation:night' }, /^Nothing would be sent: .*\(no_recipient\).*\n\nNo recipients\.$/ms],
  ])('of %j', (change, pattern) => {
    expect(told(change)).toMatch(pattern);
  });
});
