import { readJson, textOf } from '../../http-client/read-answer.ts';
import { createTransport, type Exchange, type Transport } from '../../http-client/transport.ts';
import { type Check, checkClock } from '../contract/provider.ts';
import { classifyTwilio } from './codes.ts';
import { accountUrl, credentialsOf, MESSAGING_URL, messagingBaseUrl, type TwilioConfig } from './config.ts';

type CheckResult = Omit<Check, 'subject'>;

/** Queries the account first: without it, nothing else can be verified. */
export async function checkTwilio(
  transport: Transport,
  config: TwilioConfig,
  now: () => Date,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const headers = credentialsOf(config);
  const get = (url: string, via = transport) => via.exchange({ method: 'GET', url, headers }, signal);

  const account = await get(`${accountUrl(config)}.json`);
  if (account.kind === 'fault') return [{ subject: 'connection', verdict: 'failed', detail: `no response (${account.code})` }];
  const around: Check[] = [{ subject: 'connection', verdict: 'ok', detail: 'Twilio responds' }, checkClock(account.headers.date, now())];
  const credentials = judgeCredentials(account.status, classifyTwilio(account, now()).error.code);
  if (credentials.verdict !== 'ok') return [...around, { subject: 'credentials', ...credentials }];

  const [balance, sender] = await Promise.all([get(`${accountUrl(config)}/Balance.json`), findSender(config, get)]);
  return [
    ...around,
    { subject: 'credentials', ...credentials },
    { subject: 'account', ...judgeAccount(readJson(account.body)) },
    { subject: 'balance', ...judgeBalance(read(balance)) },
    { subject: 'sender', ...sender },
  ];
}

function judgeCredentials(status: number, code: string | undefined): CheckResult {
  if (status === 200) return { verdict: 'ok', detail: 'accountSid and authToken are valid' };
  const answer = `HTTP ${status}${code === undefined ? '' : `, code ${code}`}`;
  if (status === 401 || status === 403 || status === 404)
    return { verdict: 'failed', detail: `rejected (${answer}): compare accountSid and authToken with the Twilio console` };
  return { verdict: 'unchecked', detail: `no conclusive response (${answer})` };
}

/** Judges the account: https://www.twilio.com/docs/iam/api/account#account-properties */
function judgeAccount(account: unknown): CheckResult {
  const { status, type } = (account ?? {}) as { status?: unknown; type?: unknown };
  if (status === 'suspended' || status === 'closed')
    return { verdict: 'failed', detail: `the account is ${status}: see the Twilio console` };
  if (status !== 'active') return { verdict: 'unchecked', detail: 'Twilio did not report whether the account is active' };
  if (type === 'Trial') return { verdict: 'warning', detail: 'active, but a trial: only numbers verified in the console receive messages' };
  return { verdict: 'ok', detail: 'active' };
}

/** Judges the balance: https://www.twilio.com/docs/usage/api/account-balance */
function judgeBalance(answer: unknown): CheckResult {
  const { balance, currency } = (answer ?? {}) as { balance?: unknown; currency?: unknown };
  const amount = typeof balance === 'string' && balance !== '' ? Number(balance) : Number.NaN;
  if (Number.isNaN(amount)) return { verdict: 'unchecked', detail: 'not available for this account' };
  const shown = `${amount.toFixed(2)}${typeof currency === 'string' && /^[A-Z]{3}$/.test(currency) ? ` ${currency}` : ''}`;
  return amount > 0
    ? { verdict: 'ok', detail: shown }
    : { verdict: 'warning', detail: `${shown}: unless the account is postpaid, messages will be rejected` };
}

type Get = (url: string, via?: Transport) => Promise<Exchange>;

async function findSender(config: TwilioConfig, get: Get): Promise<CheckResult> {
  const { from = '', messagingServiceSid } = config;
  if (messagingServiceSid !== undefined) {
    const messaging = createTransport({ ...config, baseUrl: messagingBaseUrl(config.baseUrl) });
    const service = await get(`${MESSAGING_URL}/Services/${messagingServiceSid}`, messaging);
    await messaging.close();
    return judgeService(service);
  }
  // https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
  if (/^\+\d{7,15}$/.test(from)) {
    const filter = new URLSearchParams({ PhoneNumber: from });
    return judgeNumber(read(await get(`${accountUrl(config)}/IncomingPhoneNumbers.json?${filter}`)), from);
  }
  // https://www.twilio.com/docs/messaging/api/short-code-resource
  if (/^\d{3,8}$/.test(from)) {
    const filter = new URLSearchParams({ ShortCode: from });
    return judgeShortCode(read(await get(`${accountUrl(config)}/SMS/ShortCodes.json?${filter}`)), from);
  }
  return { verdict: 'unchecked', detail: 'support for alphanumeric senders per country cannot be queried' };
}

/** Judges the Messaging Service: https://www.twilio.com/docs/messaging/api/service-resource */
function judgeService(service: Exchange): CheckResult {
  if (service.kind === 'answer' && service.status === 404)
    return { verdict: 'failed', detail: 'no such Messaging Service in this account' };
  const { sid } = (read(service) ?? {}) as { sid?: unknown };
  return typeof sid === 'string'
    ? { verdict: 'ok', detail: 'the Messaging Service exists' }
    : { verdict: 'unchecked', detail: 'the Messaging Service could not be queried' };
}

function judgeNumber(answer: unknown, from: string): CheckResult {
  const { incoming_phone_numbers: numbers } = (answer ?? {}) as { incoming_phone_numbers?: unknown };
  if (!Array.isArray(numbers)) return { verdict: 'unchecked', detail: 'the numbers of the account could not be queried' };
  const found = (numbers as ({ phone_number?: unknown; capabilities?: { sms?: unknown } | null } | null)[]).find(
    (number) => number?.phone_number === from,
  );
  if (!found) return { verdict: 'failed', detail: 'from is not a number of this account' };
  if (found.capabilities?.sms === false) return { verdict: 'failed', detail: 'the number in from cannot send SMS' };
  return { verdict: 'ok', detail: 'from is a number of this account' };
}

function judgeShortCode(answer: unknown, from: string): CheckResult {
  const { short_codes: codes } = (answer ?? {}) as { short_codes?: unknown };
  if (!Array.isArray(codes)) return { verdict: 'unchecked', detail: 'the short codes of the account could not be queried' };
  return (codes as ({ short_code?: unknown } | null)[]).some((code) => textOf(code?.short_code) === from)
    ? { verdict: 'ok', detail: 'from is a short code of this account' }
    : { verdict: 'failed', detail: 'from is not a short code of this account' };
}

/** Parses the JSON of a 200; `undefined` for anything else. */
function read(exchange: Exchange): unknown {
  return exchange.kind === 'answer' && exchange.status === 200 ? readJson(exchange.body) : undefined;
}
