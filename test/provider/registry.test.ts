import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { createProvider, PROVIDER_TYPES, type ProviderConfig, providerConfigSchemas } from '../../src/provider/registry.ts';
import { noOutbox } from '../conformance/no-outbox.ts';

const LEAST = {
  twilio: { accountSid: 'AC1', authToken: 'k3y', from: '+15005550006' },
  http: { url: 'https://gateway.example/send?key=k3y', headers: { authorization: 'k3y' }, body: { k: 'k3y', to: '{to}', text: '{text}' } },
  simulated: {},
} as const;

it('knows its vendors', () => {
  expect(PROVIDER_TYPES).toEqual(['twilio', 'http', 'simulated']);
  expect(Object.keys(providerConfigSchemas)).toEqual(PROVIDER_TYPES);
});

it.each(PROVIDER_TYPES)('makes a provider of type %s that carries the name of its instance', async (type) => {
  const config = providerConfigSchemas[type].parse({ type, ...LEAST[type] });
  const provider = await createProvider(`my-${type}`, config, { clock: systemClock, outbox: noOutbox });
  expect(provider.name).toBe(`my-${type}`);
  await provider.close();
});

it.each(PROVIDER_TYPES)('gives type %s the common keys, and prints no secret of it', (type) => {
  const config: ProviderConfig = providerConfigSchemas[type].parse({ type, ...LEAST[type], timeout: '3s', receiptToken: 'k3y' });
  expect(config).toMatchObject({ type, timeoutMs: 3_000 });
  expect(`${JSON.stringify(config)}${inspect(config, { depth: 9, showHidden: true })}`).not.toContain('k3y');
});

it('tells the types apart by `type`', () => {
  const { twilio, http, simulated } = providerConfigSchemas;
  const any = z.discriminatedUnion('type', [twilio, http, simulated]);
  expect(any.parse({ type: 'simulated', latency: '5ms' })).toMatchObject({ type: 'simulated', latencyMs: 5, timeoutMs: 15_000 });
  expect(any.safeParse({ type: 'twillio' }).error?.issues).toMatchObject([{ path: ['type'] }]);
});
