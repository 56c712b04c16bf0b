import { isGsm7 } from '../../alert/segments.ts';
import { createTransport, type Exchange } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { Check, Provider, ProviderDeps, SmsMessage } from '../contract/provider.ts';
import { readSmslocalAnswer } from './codes.ts';
import type { SmslocalConfig } from './config.ts';

/** API documentation: https://www.smslocal.com/developer */
const ENDPOINT = 'https://secure.smslocal.com/api/service/enterprise-service/external/sms';

/**
 * The documentation names the field and gives 70 characters for Unicode, but not the value. Users of this API report 1;
 * in SMPP it would be 8. Not verified against the live service.
 */
const GSM7 = 0;
const UNICODE = 1;

/**
 * Sends through SMSLocal. A GET with a message id is said to query a message; neither its parameters nor its response
 * are documented, so there is no `status`.
 */
export async function createSmslocalProvider(name: string, config: SmslocalConfig, { clock }: ProviderDeps): Promise<Provider> {
  const transport = createTransport(config);
  const headers = { Token: config.apiKey.reveal(), 'content-type': 'application/json', accept: 'application/json' };
  return {
    name,
    async send(message, signal) {
      const body = JSON.stringify(toBody(message, config));
      const exchange = await transport.exchange({ method: 'POST', url: ENDPOINT, headers, body }, signal);
      return exchange.kind === 'fault' ? refusalFromFault(exchange) : readSmslocalAnswer(exchange, clock.now());
    },
    check: async (signal) =>
      checkSmslocal(await transport.exchange({ method: 'GET', url: `${ENDPOINT}?msgid=${NOBODY}`, headers }, signal)),
    close: () => transport.close(),
  };
}

/** Id that no message has. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

function toBody({ to, text }: SmsMessage, { from }: SmslocalConfig): unknown {
  return { ...(from === undefined ? {} : { from }), to: to.slice(1), content: text, datacoding: isGsm7(text) ? GSM7 : UNICODE };
}

/** Judges the response to a query for an unknown message: an invalid key may show, a valid one cannot be confirmed. */
export function checkSmslocal(exchange: Exchange): readonly Check[] {
  const unseen: readonly Check[] = [
    { subject: 'balance', verdict: 'unchecked', detail: 'not available from this API' },
    { subject: 'sender', verdict: 'unchecked', detail: 'can only be verified by sending a message' },
  ];
  if (exchange.kind === 'fault') {
    return [{ subject: 'connection', verdict: 'failed', detail: `no response (${exchange.code})` }, ...unseen];
  }
  const { status } = exchange;
  const refused = status === 401 || status === 403;
  return [
    status >= 500
      ? { subject: 'connection', verdict: 'warning', detail: `the vendor responds, but with HTTP ${status}` }
      : { subject: 'connection', verdict: 'ok', detail: `the vendor responds (HTTP ${status})` },
    refused
      ? {
          subject: 'credentials',
          verdict: 'failed',
          detail: `the vendor rejects the key (HTTP ${status}): compare apiKey with the access key in its console`,
        }
      : { subject: 'credentials', verdict: 'unchecked', detail: 'not rejected, which proves little without sending a message' },
    ...unseen,
  ];
}
