import type { Clock } from '../../clock.ts';
import { readJson, textOf } from '../../http-client/read-answer.ts';
import type { HttpAnswer, Transport } from '../../http-client/transport.ts';
import { type Check, checkClock } from '../contract/provider.ts';
import { classifyExotel } from './codes.ts';
import type { Account, ExotelConfig } from './config.ts';

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
