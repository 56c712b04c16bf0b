import { onTestFinished } from 'vitest';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Templates } from '../../../src/provider/template/template.ts';
import { NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startFakeExotel } from '../../support/vendors/exotel.ts';

export const ACCOUNT = { sid: 'acme1', key: 'the-key', token: 'the:token' };
export const never: AbortSignal = new AbortController().signal;

/** A fake Exotel and a provider that talks to it. */
export async function setup(given: Readonly<Record<string, unknown>> = {}, templates: Templates = new Map()) {
  const exotel = await startFakeExotel(ACCOUNT);
  onTestFinished(exotel.close);
  const config = providerConfigSchemas.exotel.parse({ type: 'exotel', ...ACCOUNT, baseUrl: exotel.url, timeout: '2s', ...given });
  const provider = await createProvider('exotel-in', config, { clock: { now: () => NOW }, ...noDeps, templates });
  onTestFinished(() => provider.close());
  return { exotel, provider };
}
