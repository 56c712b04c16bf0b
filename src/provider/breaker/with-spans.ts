import { maskNumbers } from '../../alert/phone/phone.ts';
import { type Facts, inSpan } from '../../tracing/span.ts';
import type { Accepted, Provider, Refused } from '../contract/provider.ts';

/** Wraps a provider so that each request is a tracing span with provider and result, without content or recipient. */
export function withSpans(provider: Provider, type: string): Provider {
  const { name, status } = provider;
  const asking = (verb: 'send' | 'status') =>
    ({ kind: 'client', name: `${verb} ${name}`, facts: { 'sms.provider.name': name, 'sms.provider.type': type } }) as const;
  return {
    ...provider,
    send: (message, signal) =>
      inSpan(asking('send'), async (note) => {
        const answer = await provider.send(message, signal);
        note(factsOfAnswer(answer));
        return answer;
      }),
    ...(status && {
      status: (query, signal) =>
        inSpan(asking('status'), async (note) => {
          const found = await status.call(provider, query, signal);
          note({ 'sms.result': found.kind });
          return found;
        }),
    }),
  };
}

function factsOfAnswer(answer: Accepted | Refused): Facts {
  if (answer.kind === 'accepted') return { 'sms.result': 'accepted', 'sms.segments': answer.segments };
  const { reason, code, status, unasked } = answer.error;
  return {
    'sms.result': reason === 'unknown_outcome' ? 'unknown' : 'refused',
    'sms.reason': reason,
    'error.type': reason,
    'sms.vendor_code': code && maskNumbers(code),
    'http.response.status_code': status,
    'sms.unasked': unasked || undefined,
  };
}
