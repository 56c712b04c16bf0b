import { expect, it } from 'vitest';
import { ProviderError, refuse } from '../../src/provider/contract/provider.ts';
import { expectClean } from './examiner.ts';

const SECRET = 'the-key';

const leaks = {
  'in the code': () => refuse('auth', { code: `denied ${SECRET}` }),
  'in the message': () => refused((error) => (error.message = `denied: ${SECRET}`)),
  'in the stack': () => refused((error) => (error.stack = `ProviderError: auth\n    at ${SECRET}`)),
  'in the cause': () => refused((error) => (error.cause = new Error(SECRET))),
  'in a property': () => refused((error) => Object.assign(error, { response: { config: { headers: [SECRET] } } })),
  'in a property that is not enumerable': () => refused((error) => Object.defineProperty(error, 'request', { value: { auth: SECRET } })),
  'in the id of a message': () => ({ kind: 'accepted', providerMessageId: `SM-${SECRET}` }) as const,
};

function refused(spoil: (error: ProviderError) => unknown) {
  const error = new ProviderError('auth');
  spoil(error);
  return { kind: 'refused', error } as const;
}

it.each(Object.entries(leaks))('the exam notices a secret %s', (_where, leak) => {
  expect(() => expectClean(leak(), ['other', SECRET])).toThrow(SECRET);
});

it('the exam finds nothing in a clean refusal', () => {
  expectClean(refuse('auth', { code: '20003', status: 401 }), [SECRET]);
});
