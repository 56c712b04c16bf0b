import { isGsm7 } from '../../alert/segments.ts';
import type { Clock } from '../../clock.ts';
import { readJson, readMessageId, readSegments, textOf } from '../../http-client/read-answer.ts';
import { createTransport, type HttpAnswer, type Transport } from '../../http-client/transport.ts';
import { refusalFromAnswer, refusalFromFault } from '../contract/classify.ts';
import {
  type Accepted,
  type Check,
  checkClock,
  type Provider,
  type ProviderDeps,
  type Refused,
  type SmsMessage,
  type StatusQuery,
  unclear,
  type VendorStatus,
} from '../contract/provider.ts';
import { type Templates, wordingOf } from '../template/template.ts';
import { classifyExotel, isDuplicate } from './codes.ts';
import { type Account, createAccount, type ExotelConfig } from './config.ts';
import { type Delivery, readDelivery } from './receipt.ts';

/** Maximum length: https://developer.exotel.com/api/sms */
const MAX_CHARACTERS = 2000;

/** Sends through Exotel's HTTP API; there is no official Node SDK. https://developer.exotel.com/api/sms */
export async function createExotelProvider(name: string, config: ExotelConfig, { clock, templates }: ProviderDeps): Promise<Provider> {
  const transport = createTransport(config);
  const account = createAccount(config);
  return {
    name,
    async send(message, signal) {
      const exchange = await transport.exchange(account.post('/Sms/send.json', formOf(message, config, templates)), signal);
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : readExotelAnswer(exchange, clock.now());
    },
    maxCharacters: MAX_CHARACTERS,
    status: (query, signal) => askExotel(query, account, transport, signal, clock),
    check: (signal) => checkExotel(config, account, transport, signal, clock),
    close: () => transport.close(),
  };
}

function formOf(message: SmsMessage, config: ExotelConfig, templates: Templates): Record<string, string> {
  const { from = config.sid, priority, smsType, dltEntityId, statusCallback, receiptToken } = config;
  const template = message.template && wordingOf(templates, message.template);
  const dltTemplateId = template?.exotel?.dltTemplateId ?? config.dltTemplateId;
  return {
    From: from,
    To: message.to,
    Body: message.text,
    EncodingType: isGsm7(message.text) ? 'plain' : 'unicode',
    Priority: priority,
    CustomField: message.id,
    ...(smsType === undefined ? {} : { SmsType: smsType }),
    ...(dltEntityId === undefined ? {} : { DltEntityId: dltEntityId }),
    ...(dltTemplateId === undefined ? {} : { DltTemplateId: dltTemplateId }),
    ...(statusCallback === undefined || receiptToken === undefined
      ? {}
      : { StatusCallback: withToken(statusCallback, receiptToken.reveal()) }),
  };
}

function withToken(statusCallback: string, token: string): string {
  const url = new URL(statusCallback);
  url.searchParams.set('token', token);
  return url.href;
}

/**
 * Parses the response to a send. A 200 may contain a final failure, for numbers that Exotel does not send to. A
 * duplicate was accepted before.
 */
export function readExotelAnswer(answer: HttpAnswer, now: Date): Accepted | Refused {
  const text = answer.status >= 200 && answer.status < 300 ? readText(answer.body) : undefined;
  if (text === undefined) return isDuplicate(answer) ? { kind: 'accepted' } : classifyExotel(answer, now);
  const { sid, segments, delivery } = text;
  if (delivery?.state !== 'undelivered')
    return { kind: 'accepted', providerMessageId: sid, ...(segments === undefined ? {} : { segments }) };
  const { reason = 'content', ...facts } = delivery;
  // Number, sender and template belong to this message; a failure of Exotel itself does not.
  return refusalFromAnswer(answer, now, { reason, ...facts, onlyThisMessage: reason !== 'unavailable' });
}

/**
 * Queries a message by its Sid, the only key; without one the status stays unclear.
 * https://developer.exotel.com/api/sms-details
 */
export async function askExotel(
  { providerMessageId }: StatusQuery,
  account: Account,
  transport: Transport,
  signal: AbortSignal,
  clock: Clock,
): Promise<VendorStatus> {
  if (providerMessageId === undefined) return unclear('NO_VENDOR_ID');
  const exchange = await transport.exchange(account.get(`/SMS/Messages/${encodeURIComponent(providerMessageId)}.json`), signal);
  if (exchange.kind === 'fault') return unclear(refusalFromFault(exchange).error);
  const text = exchange.status === 200 ? readText(exchange.body) : undefined;
  if (text?.sid !== providerMessageId || text.delivery === undefined) return unclear(classifyExotel(exchange, clock.now()).error);
  const { state, code, reason } = text.delivery;
  const known = { providerMessageId, ...(text.segments === undefined ? {} : { segments: text.segments }) };
  if (state !== 'undelivered') return { kind: state, ...known };
  return { kind: state, ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }), ...known };
}

/** A message in Exotel's responses: https://developer.exotel.com/api/sms-details */
interface ExotelText {
  readonly sid: string;
  readonly segments?: number;
  /** Absent when the status is unknown to us. */
  readonly delivery?: Delivery | undefined;
}

/** Returns `undefined` when the body does not describe a message. */
export function readText(body: string): ExotelText | undefined {
  const { SMSMessage } = (readJson(body) ?? {}) as { readonly SMSMessage?: Readonly<Record<string, unknown>> | null };
  const sid = readMessageId(SMSMessage?.Sid);
  if (!SMSMessage || sid === undefined) return undefined;
  const segments = readSegments(SMSMessage.SmsUnits);
  return { sid, ...(segments === undefined ? {} : { segments }), delivery: readDelivery(SMSMessage) };
}

/** Queries the balance, which any valid key may do: https://developer.exotel.com/docs/voice-v1/api-reference/balance */
export async function checkExotel(
  { dltEntityId }: ExotelConfig,
  account: Account,
  transport: Transport,
  signal: AbortSignal,
  clock: Clock,
): Promise<readonly Check[]> {
  const exchange = await transport.exchange(account.get('/Balance.json'), signal);
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no response (${exchange.code}): check domain, baseUrl and the network` }];
  }
  const now = clock.now();
  return [
    { subject: 'connection', verdict: 'ok', detail: 'Exotel responds' },
    ...checkAccount(exchange, now),
    { subject: 'sender', verdict: 'unchecked', detail: 'can only be verified by sending a message' },
    {
      subject: 'template',
      verdict: 'unchecked',
      detail:
        dltEntityId === undefined
          ? 'no dltEntityId is set, which messages to India require'
          : 'DLT ids can only be verified by sending a message: see the DLT portal',
    },
    checkClock(exchange.headers.date, now),
  ];
}

function checkAccount(answer: HttpAnswer, now: Date): Check[] {
  const balance = answer.status === 200 ? readBalance(answer.body) : undefined;
  if (balance !== undefined) {
    return [{ subject: 'credentials', verdict: 'ok', detail: 'sid, key and token are accepted' }, judgeBalance(balance)];
  }
  const { reason, message } = classifyExotel(answer, now).error;
  if (answer.status === 401) return [{ subject: 'credentials', verdict: 'failed', detail: `invalid sid, key or token: ${message}` }];
  if (reason === 'auth') return [{ subject: 'account', verdict: 'failed', detail: `the account does not allow this use: ${message}` }];
  if (reason === 'balance') return [{ subject: 'balance', verdict: 'failed', detail: `insufficient: ${message}` }];
  return [{ subject: 'credentials', verdict: 'unchecked', detail: `no conclusive response: ${message}` }];
}

interface Balance {
  readonly amount: number;
  readonly currency: string;
  /** For a postpaid account, a negative balance is no fault. */
  readonly isPrepaid: boolean;
}

function readBalance(body: string): Balance | undefined {
  const { Account } = (readJson(body) ?? {}) as {
    readonly Account?: { readonly BalanceData?: Readonly<Record<string, unknown>> | null } | null;
  };
  const { Balance, Currency, PricingPlan } = Account?.BalanceData ?? {};
  const amount = typeof Balance === 'string' && Balance.trim() !== '' ? Number(Balance) : Balance;
  if (typeof amount !== 'number' || !Number.isFinite(amount)) return undefined;
  const currency = typeof Currency === 'string' && /^[A-Z]{3}$/.test(Currency) ? Currency : '';
  return { amount, currency, isPrepaid: !/^post/i.test(textOf(PricingPlan) ?? '') };
}

function judgeBalance({ amount, currency, isPrepaid }: Balance): Check {
  const detail = `${amount} ${currency}`.trimEnd();
  if (amount > 0 || !isPrepaid) return { subject: 'balance', verdict: 'ok', detail };
  return { subject: 'balance', verdict: 'failed', detail: `${detail}: top up the account, or no message is sent` };
}
