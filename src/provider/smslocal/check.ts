import type { Exchange } from '../../http-client/transport.ts';
import type { Check } from '../contract/check.ts';

/** What the answer to a look-up of no message tells: a wrong key may show, a right one cannot be told. */
export function checkSmslocal(exchange: Exchange): readonly Check[] {
  const unseen: readonly Check[] = [
    { subject: 'balance', verdict: 'unchecked', detail: 'this API of the vendor has no call for it' },
    { subject: 'sender', verdict: 'unchecked', detail: 'whether it is allowed shows with the first text only' },
  ];
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no answer (${exchange.code})` }, ...unseen];
  }
  const { status } = exchange;
  const refused = status === 401 || status === 403;
  return [
    status >= 500
      ? { subject: 'connection', verdict: 'warning', detail: `the vendor answers, but with HTTP ${status}` }
      : { subject: 'connection', verdict: 'ok', detail: `the vendor answers (HTTP ${status})` },
    refused
      ? {
          subject: 'credentials',
          verdict: 'failed',
          detail: `the vendor refuses the key (HTTP ${status}): compare apiKey with the access key of its console`,
        }
      : { subject: 'credentials', verdict: 'unchecked', detail: 'not refused, which the vendor does not promise to do without a text' },
    ...unseen,
  ];
}
