import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { SEVERITIES } from '../../../src/alert/severity.ts';
import type { Contact } from '../../../src/config/config.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import type { PlannedMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { createAlertRouter, type RouterDeps } from '../../../src/pipeline/routing/router.ts';
import type { Rotation } from '../../../src/policy/rotation.ts';
import type { Route } from '../../../src/policy/route.ts';
import { createRecordingObserver } from '../../support/recording-observer.ts';
import { createSettableClock } from '../../support/settable-clock.ts';

const PHONES = ['+60123456789', '+60123456780', '+6581234567', '+6581234568', '+8613800138000', '+12025550123'] as E164[];
const CODES = { '+60': '60', '+65': '65', '+86': '86', '+12': '1' } as Readonly<Record<string, string>>;
const codeOf = (phone: string) => CODES[phone.slice(0, 3)] as string;

const CONTACTS = ['ann', 'ben', 'cat', 'dan', 'eve'];
const GROUPS = ['all', 'dba', 'net', 'ops'];
const ROTATIONS = ['day', 'night'];

const someContact = fc.constantFrom(...CONTACTS);
const named = (kind: string, names: readonly string[]) => fc.constantFrom(...names.map((name) => `${kind}:${name}`));
const some = <T>(one: fc.Arbitrary<T>, most: number) => fc.array(one, { minLength: 1, maxLength: most });

const contact: fc.Arbitrary<Contact> = fc.record({ phone: fc.constantFrom(...PHONES), consent: fc.boolean() });
/** Circles included, which no config has. */
const group = fc.array(fc.oneof(someContact, named('group', GROUPS), named('rotation', ROTATIONS)), { maxLength: 4 });
const START = Date.parse('2026-11-16T00:00:00Z');
const now = fc.integer({ min: START, max: START + 14 * 86_400_000 });
const rotation: fc.Arbitrary<Rotation> = fc.record({
  timeZone: fc.constant('UTC'),
  // One of them a day: the weeks of others are the matter of rotation.test.ts.
  shifts: fc
    .array(fc.record({ from: fc.integer({ min: 0, max: 700 }), to: fc.integer({ min: 701, max: 1439 }), contacts: some(someContact, 2) }), {
      maxLength: 7,
    })
    .map((days) => days.map((shift, day) => ({ ...shift, days: [day + 1] }))),
  overrides: fc.array(
    fc
      .record({ from: now, length: fc.integer({ min: 1, max: 5 * 86_400_000 }), contacts: some(someContact, 2) })
      .map(({ length, ...rest }) => ({ ...rest, to: rest.from + length })),
    { maxLength: 2 },
  ),
});
const route: fc.Arbitrary<Route> = fc.record({
  name: fc.constant(''),
  match: fc.constantFrom({}, { purpose: 'verification' }, { severity: ['critical', 'error'] }),
  minSeverity: fc.constantFrom(...SEVERITIES),
  expiresAfterMs: fc.constant(3_600_000),
  overflow: fc.constantFrom('defer', 'drop'),
  providers: fc.constant(['p']),
  consent: fc.constantFrom('required', 'exempt'),
});
const book = <T>(names: readonly string[], one: fc.Arbitrary<T>) =>
  fc.tuple(...names.map(() => one)).map((values) => new Map(names.map((name, index) => [name, values[index] as T])));
const config: fc.Arbitrary<RouterDeps['config']> = fc.record({
  providers: fc.constant(new Map()),
  templates: fc.constant(new Map()),
  defaultCountry: fc.constant(undefined),
  quietHours: fc.constant(undefined),
  routes: some(route, 3).map((routes) => routes.map((route, index) => ({ ...route, name: `route-${index}` }))),
  contacts: book(CONTACTS, contact),
  groups: book(GROUPS, group),
  rotations: book(ROTATIONS, rotation),
  countries: fc.option(fc.subarray(['60', '65', '86', '1'], { minLength: 1 }), { nil: undefined }),
}) as fc.Arbitrary<RouterDeps['config']>;
const alert = fc.record({
  severity: fc.constantFrom(...SEVERITIES),
  purpose: fc.constantFrom('alert', 'verification', 'notification'),
  text: fc.constant('Disk full'),
  to: some(fc.oneof(fc.constantFrom(...PHONES), named('contact', CONTACTS), named('group', GROUPS), named('rotation', ROTATIONS)), 5),
});

/** Everybody whom these entries come to, opened over and over until nothing is left to open. */
function contactsBehind(to: readonly string[], { groups, rotations }: RouterDeps['config'], at: number): Set<string> {
  const seen = new Set(to);
  for (const entry of seen) {
    const [kind, name = ''] = entry.split(':');
    if (kind === 'group') for (const member of groups.get(name) ?? []) seen.add(member.includes(':') ? member : `contact:${member}`);
    if (kind === 'rotation') for (const member of onDuty(rotations.get(name) as Rotation, at)) seen.add(`contact:${member}`);
  }
  return new Set([...seen].filter((entry) => entry.startsWith('contact:')).map((entry) => entry.slice('contact:'.length)));
}

function onDuty({ shifts, overrides }: Rotation, at: number): readonly string[] {
  const [override] = overrides.filter(({ from, to }) => from <= at && at < to).reverse();
  if (override !== undefined) return override.contacts;
  const [day, minute] = [new Date(at).getUTCDay() || 7, Math.floor((at % 86_400_000) / 60_000)];
  return shifts.find(({ days, from, to }) => days[0] === day && from <= minute && minute < to)?.contacts ?? [];
}

const ledger = {
  admit: async () => ({ kind: 'admitted', fresh: true, muted: new Map() }),
  settleAlert: async () => 'recorded',
} as Partial<Ledger> as Ledger;

test('no message leaves the router to a phone without permission, none twice, and no recipient is missing', async () => {
  await fc.assert(
    fc.asyncProperty(config, alert, now, async (config, alert, at) => {
      const steps: PlannedMessage[] = [];
      const router = createAlertRouter({
        config,
        ledger,
        knownFull: () => undefined,
        observer: createRecordingObserver().observer,
        clock: createSettableClock(at),
        onEscalating: () => undefined,
        onOtherContent: () => undefined,
      });
      const routed = await router({ jobId: 'j', data: alert, timestamp: at }, new AbortController().signal);
      if (routed.kind === 'routed') steps.push(...routed.steps);

      const people = [...contactsBehind(alert.to, config, at)].map((name) => config.contacts.get(name) as Contact);
      const bare = PHONES.filter((phone) => alert.to.includes(phone));
      const consented = new Set([...bare, ...people.filter(({ consent }) => consent).map(({ phone }) => phone)]);
      const named = new Set([...bare, ...people.map(({ phone }) => phone)]);

      for (const { message, job, record } of steps) {
        // No route matches: nothing is exempt.
        const exempt = config.routes.some(({ name, consent }) => name === message.route && consent === 'exempt');
        const mayBe = exempt || consented.has(message.to);
        const reachable = config.countries === undefined || config.countries.includes(codeOf(message.to));
        expect([job !== undefined, record.reason]).toEqual(
          mayBe && reachable ? [true, null] : [false, mayBe ? 'country_not_allowed' : 'no_consent'],
        );
      }
      const phones = steps.map(({ message }) => message.to);
      expect(new Set(phones).size).toBe(phones.length);
      if (routed.kind === 'routed') expect(new Set(phones)).toEqual(named);
    }),
    { numRuns: 300 },
  );
});
