import { onTestFinished } from 'vitest';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import type { Template } from '../../../src/provider/template/template.ts';
import { NOW } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { startFakeTencent } from '../../support/vendors/tencent.ts';

export const KEY = { secretId: 'AKIDtest', secretKey: 'the-secret-key' };
export const APP_ID = '1400006666';
export const never: AbortSignal = new AbortController().signal;

export async function fake(now = NOW) {
  const tencent = await startFakeTencent({ ...KEY, appId: APP_ID, now: () => now });
  onTestFinished(tencent.close);
  return tencent;
}

export async function provider(given: Readonly<Record<string, unknown>>, templates: ReadonlyMap<string, Template> = new Map(), now = NOW) {
  const config = providerConfigSchemas.tencent.parse({
    type: 'tencent',
    ...KEY,
    appId: APP_ID,
    templateId: '449739',
    timeout: '2s',
    ...given,
  });
  const created = await createProvider('tencent-cn', config, { clock: { now: () => now }, ...noDeps, templates });
  onTestFinished(() => created.close());
  return created;
}
