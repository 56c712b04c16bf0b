import { describe, expect, test } from 'vitest';
import type { E164 } from '../../../src/alert/phone/phone.ts';
import { type PermissionDenial, refuseCountry, refuseRecipient, refuseWithdrawn } from '../../../src/pipeline/gates/permission.ts';

const ALICE = '+60123456789' as E164;
const NO_CONSENT: PermissionDenial = { stage: 'consent-gate', reason: 'no_consent' };
const ABROAD: PermissionDenial = {
  stage: 'country-gate',
  reason: 'country_not_allowed',
  detail: '+60 is not among the allowed countries',
};

describe('a recipient', () => {
  test.each<
    [
      name: string,
      consent: boolean,
      asked: 'required' | 'exempt' | undefined,
      countries: string[] | undefined,
      PermissionDenial | undefined,
    ]
  >([
    ['with consent may be texted', true, undefined, undefined, undefined],
    ['without it may not', false, undefined, undefined, NO_CONSENT],
    ['without it may not where the route says that it is required', false, 'required', undefined, NO_CONSENT],
    ['without it may where the route asks for none', false, 'exempt', undefined, undefined],
    ['in a country of the list may be texted', true, undefined, ['65', '60'], undefined],
    ['elsewhere may not', true, undefined, ['65', '6', '601'], ABROAD],
    ['elsewhere may not although the route asks for no consent', false, 'exempt', ['65'], ABROAD],
    ['elsewhere without consent is told of the consent', false, undefined, ['65'], NO_CONSENT],
  ])('%s', (_name, consent, asked, countries, refusal) => {
    const policy = asked === undefined ? {} : { consent: asked };
    expect(refuseRecipient({ phone: ALICE, consent }, policy, countries)).toEqual(refusal);
  });
});

test('a number without a known calling code is in no country of the list', () => {
  const nowhere = '+999123456789' as E164;
  expect(refuseCountry(nowhere, undefined)).toBeUndefined();
  expect(refuseCountry(nowhere, ['99', '999'])?.reason).toBe('country_not_allowed');
});

describe('a message that has waited', () => {
  const message = { to: ALICE, contact: 'alice', needsConsent: true };
  test.each<[name: string, contacts: [string, { phone: E164; consent: boolean }][], detail: string | undefined]>([
    ['goes on while its contact consents', [['alice', { phone: ALICE, consent: true }]], undefined],
    ['ends when consent is withdrawn', [['alice', { phone: ALICE, consent: false }]], 'the contact has withdrawn consent'],
    ['ends when the contact is gone', [['bob', { phone: ALICE, consent: true }]], 'the contact is no longer in the config'],
    [
      'ends when the number is somebody else’s by now',
      [['alice', { phone: '+60123456780' as E164, consent: true }]],
      'the contact has another number now',
    ],
  ])('%s', (_name, contacts, detail) => {
    expect(refuseWithdrawn(message, new Map(contacts))).toEqual(detail === undefined ? undefined : { ...NO_CONSENT, detail });
  });

  test.each([
    ['whose producer vouched for the number', { to: ALICE, contact: 'alice' }],
    ['of an older version', { to: ALICE }],
    ['that needs none', { to: ALICE, contact: 'alice', needsConsent: false }],
  ])('calls no provider: one %s', (_name, other) => {
    expect(refuseWithdrawn(other, new Map())).toBeUndefined();
  });
});
