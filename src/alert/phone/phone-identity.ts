/**
 * Phones that are reached by two valid spellings. Both are sent as written, because vendors and networks differ in
 * which of them they accept; counters (caps, claims, opt-outs, message ids) use `identity`. Numbers of these patterns
 * have no other subscriber.
 */
const SPELLINGS: readonly { readonly other: RegExp; readonly identity: string; readonly back: RegExp; readonly former: string }[] = [
  // Argentina: with 9 in calls, without it in SMS; both are one national number.
  // https://en.wikipedia.org/wiki/Telephone_numbers_in_Argentina
  { other: /^\+54([1-3]\d{9})$/, identity: '+549$1', back: /^\+549([1-3]\d{9})$/, former: '+54$1' },
  // Brazil: the ninth digit, prepended to every mobile number from 2012 to 2016.
  { other: /^\+55([1-9]{2})([6-9]\d{7})$/, identity: '+55$19$2', back: /^\+55([1-9]{2})9([6-9]\d{7})$/, former: '+55$1$2' },
  // Palestinian mobiles are also reached by the country code of Israel.
  { other: /^\+972(5[69]\d{7})$/, identity: '+970$1', back: /^\+970(5[69]\d{7})$/, former: '+972$1' },
];

/** Returns the canonical spelling that counters use; most numbers are canonical already. */
export function phoneIdentity(phone: string): string {
  const spelling = SPELLINGS.find(({ other }) => other.test(phone));
  return spelling === undefined ? phone : phone.replace(spelling.other, spelling.identity);
}

/** Returns the other spelling of the same phone, which earlier versions used as the key. */
export function formerIdentity(phone: string): string | undefined {
  const identity = phoneIdentity(phone);
  const spelling = SPELLINGS.find(({ back }) => back.test(identity));
  return spelling === undefined ? undefined : identity.replace(spelling.back, spelling.former);
}

/**
 * Spellings that libphonenumber no longer accepts while networks, address books and senders of replies still use them,
 * by calling code. `national` matches the number without the country code; `now` applies only when it gives a valid
 * number.
 */
export const DROPPED: Readonly<Record<string, readonly { readonly national: RegExp; readonly now: string; readonly dialled?: true }[]>> = {
  // Mexico: 1 after the country code until 2019, 01, 044 and 045 within the country.
  52: [
    { national: /^1(\d{10})$/, now: '$1' },
    { national: /^(?:01|044|045)(\d{10})$/, now: '$1', dialled: true },
  ],
  // Argentina: 9 and the domestic 15 at the same time.
  54: [{ national: /^9(\d{2,4}15\d{6,8})$/, now: '$1' }],
  // Brazil: mobiles before the ninth digit.
  55: [{ national: /^([1-9]{2})([6-9]\d{7})$/, now: '$19$2', dialled: true }],
  // Benin: 01 before every number of 8 digits since 30 November 2024.
  229: [{ national: /^(\d{8})$/, now: '01$1', dialled: true }],
};
