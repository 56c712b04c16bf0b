import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createProvider, providerConfigSchemas } from '../../../src/provider/registry.ts';
import { MESSAGE } from '../../conformance/candidate.ts';
import { noDeps } from '../../conformance/no-deps.ts';
import { gatewayAnswer, startFakeGateway } from '../../support/vendors/gateway.ts';

async function setup(config: Readonly<Record<string, unknown>>) {
  const gateway = await startFakeGateway();
  onTestFinished(gateway.close);
  const provider = await createProvider(
    'gateway',
    providerConfigSchemas.http.parse({ type: 'http', url: `${gateway.url}/send`, timeout: '2s', ...config }),
    { clock: systemClock, ...noDeps },
  );
  onTestFinished(() => provider.close());
  return { gateway, send: (message = MESSAGE) => provider.send(message, new AbortController().signal) };
}

it('sends number, text and id as JSON by default', async () => {
  const { gateway, send } = await setup({});
  expect(await send()).toEqual({ kind: 'accepted' });
  expect(gateway.requests).toMatchObject([
    {
      method: 'POST',
      path: '/send',
      headers: { 'content-type': 'application/json' },
      fields: { to: MESSAGE.to, text: MESSAGE.text, id: MESSAGE.id },
    },
  ]);
});

it.each([
  ['a form', { contentType: 'form' }, 'POST', '/send'],
  ['a PUT', { method: 'PUT' }, 'PUT', '/send'],
  ['a query', { method: 'GET' }, 'GET', '/send?'],
])('the same arrives as %s', async (_what, config, method, path) => {
  const { gateway, send } = await setup({ ...config, messageId: '/data/id' });
  expect(await send()).toEqual({ kind: 'accepted', providerMessageId: 'gw-1' });
  expect(gateway.requests).toMatchObject([{ method, fields: { to: MESSAGE.to, text: MESSAGE.text, id: MESSAGE.id } }]);
  expect(gateway.requests[0]?.path.startsWith(path)).toBe(true);
});

it('marks a text beyond GSM-7 for a vendor that requires it', async () => {
  const { gateway, send } = await setup({
    method: 'GET',
    body: { to: '{to}', text: '{text}', coding: 0 },
    unicode: { coding: 2, ref: '{id}' },
  });
  await send({ ...MESSAGE, text: 'disk full {93%} €' });
  await send({ ...MESSAGE, text: '磁盘已满' });
  expect(gateway.requests.map(({ fields }) => fields)).toEqual([
    { to: MESSAGE.to, text: 'disk full {93%} €', coding: '0' },
    { to: MESSAGE.to, text: '磁盘已满', coding: '2', ref: MESSAGE.id },
  ]);
});

it('lets a header of the config say the content type', async () => {
  const { gateway, send } = await setup({ headers: { 'Content-Type': 'application/json; charset=utf-8', Authorization: 'Bearer k' } });
  await send();
  expect(gateway.requests[0]?.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', authorization: 'Bearer k' });
});

it('reads a refusal by the map of the config', async () => {
  const { gateway, send } = await setup({ errors: { pointer: '/error/code', map: { E7: 'opted_out' } } });
  gateway.respondWith(() => gatewayAnswer(422, { error: { code: 'E7', message: `no more texts to ${MESSAGE.to}` } }));
  expect(await send()).toMatchObject({ kind: 'refused', error: { reason: 'opted_out', code: 'E7', status: 422 } });
  expect(gateway.requests).toHaveLength(1);
});
