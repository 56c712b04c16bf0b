import { expect, test } from 'vitest';
import { createHttpApp } from '../../../src/http/server/http-app.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { type OpenApiDocument as Document, openApiDocument, operationsOf } from '../openapi-3-1.ts';
import { histories, http, inbound, lists, names, openTestServer, RecordingProducer, receipts } from '../test-server.ts';

test('the document has every route, and every path of the document is a route', async () => {
  const { app, routes } = createHttpApp({
    role: 'receiver',
    config: { http, ...names },
    producer: new RecordingProducer(),
    onAcknowledged: () => undefined,
    webhookCounts: { refused: () => undefined, unknownSeverities: () => undefined },
    histories,
    lists,
    now: () => new Date(),
    receipts,
    inbound,
    metrics: { contentType: '', text: async () => '' },
    readiness: async () => ({ ready: true, reasons: [] }),
    logger: undefined as never,
  });
  const registered = [...routes].flatMap(([url, methods]) =>
    [...methods].filter((method) => method !== 'HEAD').map((method) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`),
  );
  const { paths } = JSON.parse((await app.inject('/openapi.json')).body) as Document;
  await app.close();
  const documented = Object.entries(paths).flatMap(([url, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${url}`),
  );
  expect(registered.length).toBeGreaterThan(10);
  expect(documented.sort()).toEqual(registered.sort());
});

test('the document is OpenAPI 3.1 with unique operations, and every reference leads somewhere', async () => {
  const server = await openTestServer({ http: { publicUrl: 'https://sms.example.com' } });
  const document = openApiDocument.parse(await (await server.get('/openapi.json')).json());
  expect(document.servers).toEqual([{ url: 'https://sms.example.com' }]);
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(operationsOf(document).size).toBe(operations.length);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => (match[1] as string).split('/'));
  expect(references.length).toBeGreaterThan(10);
  for (const path of references) {
    expect(
      path.reduce<unknown>((node, part) => (node as Record<string, unknown> | undefined)?.[part], document),
      path.join('/'),
    ).toBeDefined();
  }
});

test('the document asks for a token only where one is needed', async () => {
  const needsToken = (path: string) => path.startsWith('/v1/') && !path.startsWith('/v1/receipts/') && !path.startsWith('/v1/inbound/');
  const securities = async (tokens: readonly Secret[]) => {
    const server = await openTestServer({ http: { tokens } });
    const { paths } = (await (await server.get('/openapi.json')).json()) as Document;
    return Object.entries(paths).map(([path, operations]) => [needsToken(path), Object.values(operations)[0]?.security]);
  };
  for (const [, security] of await securities([])) expect(security).toEqual([]);
  for (const [isApi, security] of await securities([new Secret('t')])) expect(security).toEqual(isApi ? [{ bearer: [] }] : []);
});
