import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createProvider, providerConfigSchemas } from '../../src/provider/registry.ts';
import { noOutbox } from '../conformance/no-outbox.ts';

/** The SDK is CommonJS, so whatever of it is loaded is in here. */
const loaded = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('/node_modules/twilio/'));

it('loads the Twilio SDK for who configures Twilio, and for nobody else', async () => {
  const deps = { clock: systemClock, outbox: noOutbox };
  const { twilio, http, simulated } = providerConfigSchemas;
  const others = [
    await createProvider('a', http.parse({ type: 'http', url: 'http://127.0.0.1:9' }), deps),
    await createProvider('b', simulated.parse({ type: 'simulated' }), deps),
  ];
  const config = twilio.parse({ type: 'twilio', accountSid: 'AC1', authToken: 't', from: '+15005550006' });
  expect(loaded()).toEqual([]);

  const provider = await createProvider('c', config, deps);
  expect(loaded().length).toBeGreaterThan(0);
  await Promise.all([...others, provider].map(({ close }) => close()));
});
