import { readJson } from '../../http-client/read-answer.ts';
import type { Exchange } from '../../http-client/transport.ts';
import { type Check, checkClock } from '../contract/provider.ts';
import { findUnismsCode } from './codes.ts';
import type { UnismsConfig } from './config.ts';

const MISSING_SIGNATURE = '104200';
const WRONG_TIMESTAMP = '104202';
/** Keys, signatures and the account. */
const ABOUT_US = /^10(4[1-9]|5\d)\d{2}$/;
/** Parameters, number, sender, template. */
const ABOUT_THE_MESSAGE = /^(1040|1071)\d{2}$/;

/**
 * What the answer to a message without recipient and text tells. The vendor documents no call that only looks, and not
 * whether it looks at the key or at the message first.
 */
export function checkUnisms(exchange: Exchange, authMode: UnismsConfig['authMode'], now: Date): readonly Check[] {
  const unseen: readonly Check[] = [
    { subject: 'balance', verdict: 'unchecked', detail: 'no call of the vendor tells it; its console does' },
    { subject: 'sender', verdict: 'unchecked', detail: 'whether the signature is approved shows with the first text only' },
    { subject: 'template', verdict: 'unchecked', detail: 'whether templates are approved shows with the first text only' },
  ];
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no answer (${exchange.code})` }, ...unseen];
  }
  const code = findUnismsCode((readJson(exchange.body) as { code?: unknown } | null | undefined)?.code, exchange.status);
  if (code.code === undefined) {
    return [{ subject: 'connection', verdict: 'failed', detail: `the answer (HTTP ${exchange.status}) is not the vendor's` }, ...unseen];
  }
  return [
    { subject: 'connection', verdict: 'ok', detail: 'the vendor answers' },
    checkCredentials(code.code, code.reason === 'auth' && ABOUT_US.test(code.code), authMode),
    code.code === WRONG_TIMESTAMP
      ? { subject: 'clock', verdict: 'failed', detail: 'the vendor refuses our timestamp (104202): set this clock right, best by NTP' }
      : checkClock(exchange.headers.date, now),
    ...(code.reason === 'balance'
      ? [{ subject: 'balance', verdict: 'failed', detail: 'insufficient funds (105400)' } as const, ...unseen.slice(1)]
      : unseen),
  ];
}

function checkCredentials(code: string, refused: boolean, authMode: UnismsConfig['authMode']): Check {
  const subject = 'credentials';
  if (code === MISSING_SIGNATURE && authMode === 'simple') {
    return { subject, verdict: 'failed', detail: 'the account asks for signatures (104200): set authMode: hmac and accessKeySecret' };
  }
  if (code === WRONG_TIMESTAMP) return { subject, verdict: 'unchecked', detail: 'the vendor refuses our timestamp before anything else' };
  if (refused)
    return { subject, verdict: 'failed', detail: `the vendor refuses us (${code}): https://www.unimtx.com/docs/api/error-codes` };
  if (ABOUT_THE_MESSAGE.test(code)) {
    return { subject, verdict: 'ok', detail: `not refused: the vendor asked for the message, which was left out on purpose (${code})` };
  }
  return { subject, verdict: 'unchecked', detail: `the vendor answered ${code}, which says nothing of the key` };
}
