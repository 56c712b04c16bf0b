import { isGsm7 } from '../../alert/segments.ts';
import { createTransport, type Exchange } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { Check, Provider, ProviderDeps, SmsMessage } from '../contract/provider.ts';
import { readSmslocalAnswer } from './codes.ts';
import type { SmslocalConfig } from './config.ts';

/** https://www.smslocal.com/developer */
const ENDPOINT = 'https://secure.smslocal.com/api/service/enterprise-service/external/sms';

/**
 * The pages name the field and say that Unicode takes 70 characters a text, but not its number. Who uses this API says
 * 1; in SMPP it would be 8. Nobody here could try.
 */
const GSM7 = 0;
const UNICODE = 1;

/** A GET with a message id is said to look a text up; with which query, and what it answers, no page says, so there is no `status`. */
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

/** The id of no message. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

function toBody({ to, text }: SmsMessage, { from }: SmslocalConfig): unknown {
  return { ...(from === undefined ? {} : { from }), to: to.slice(1), content: text, datacoding: isGsm7(text) ? GSM7 : UNICODE };
}

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
