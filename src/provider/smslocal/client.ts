import { isGsm7 } from '../../alert/segments.ts';
import { createTransport } from '../../http-client/transport.ts';
import { refusalFromFault } from '../contract/classify.ts';
import type { Provider, SmsMessage } from '../contract/provider.ts';
import type { ProviderDeps } from '../contract/provider-deps.ts';
import { checkSmslocal } from './check.ts';
import type { SmslocalConfig } from './config.ts';
import { readSmslocalAnswer } from './read-answer.ts';

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
