/** What must not be readable anywhere, and the search for it. */

/** Written so that each can be told from everything else, whole or in a URL. */
export const SECRETS = {
  twilio: 'tw1l10-auth-token-4711',
  gatewayHeader: 'gatew4y-header-key-4712',
  gatewayQuery: 'gatew4y-query-key-4713',
  door: 'd00r-bearer-token-4714',
  receipts: 'r3ceipt-url-token-4715',
  redis: 'r3dis-password-4716',
  wrongRedis: 'wr0ng-redis-password-4717',
} as const;
export const ACCOUNT = { accountSid: 'ACe2eleaks', authToken: SECRETS.twilio };
/** The Twilio token as it goes over the wire. */
const BASIC = Buffer.from(`${ACCOUNT.accountSid}:${ACCOUNT.authToken}`).toString('base64');

/** Each trouble has a phone of its own, so that a leak says where it comes from. */
export const TROUBLES = [
  'none',
  'vendor says why not',
  'vendor has it as its code',
  'vendor quotes the token',
  'vendor fails with a page',
  'vendor redirects',
  'vendor has it as its message id',
  'vendor hangs',
  'vendor resets',
  'vendor throttles',
  'gateway says why not',
  'gateway has it as its message id',
  'gateway is away',
  'job is not JSON',
  'job is not an alert',
  'job has it as severity',
  'job has it as contact',
  'job has it as key',
  'job has it as alert id',
  'job has it in its options',
  'message job',
  'receipt job',
  'path',
  'query',
  'body',
  'webhook',
  'raw HTTP',
  'command line',
  'Redis refuses',
  'Redis is away',
  'config',
] as const;
export type Trouble = (typeof TROUBLES)[number];

export const phoneOf = (trouble: Trouble) => `+6017700${1000 + TROUBLES.indexOf(trouble)}`;
/** Without the plus. */
export const digitsOf = (trouble: Trouble) => phoneOf(trouble).slice(1);
export const troubleOf = (phone: string | undefined) => TROUBLES.find((trouble) => phoneOf(trouble) === phone);

/** What can be read in the text: secrets by name, numbers by trouble; with or without country code, however grouped. */
export function leaksIn(text: string): string[] {
  const ungrouped = text.replace(/(?<=\d)[ ().-]{1,2}(?=\d)/g, '');
  return [
    ...Object.entries({ ...SECRETS, basic: BASIC })
      .filter(([, secret]) => text.includes(secret) || text.includes(encodeURIComponent(secret)))
      .map(([name]) => `secret ${name}`),
    ...TROUBLES.filter((trouble) => ungrouped.includes(digitsOf(trouble).slice('60'.length))).map((trouble) => `number of "${trouble}"`),
  ];
}

/** One entry a leak, with the line that it is in. */
export function leakingLines(where: string, text: string): string[] {
  return text.split('\n').flatMap((line) => leaksIn(line).map((leak) => `${where}: ${leak}: ${line.slice(0, 500)}`));
}
