import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { Secret } from '../../src/config/secret.ts';
import { createHttpApp } from '../../src/http/http-app.ts';
import { componentSchemas } from '../../src/http/openapi-schemas.ts';
import { http, inbound, names, openDoor, RecordingProducer, receipts, traces } from './door.ts';

interface Document {
  readonly openapi: string;
  readonly servers: { url: string }[];
  readonly paths: Record<string, Record<string, { operationId: string; security?: unknown; responses: Record<string, unknown> }>>;
  readonly components: { schemas: Record<string, object> };
}

test('the document has every route, and every path of the document is a route', async () => {
  const { app, routes } = createHttpApp({
    role: 'receiver',
    config: { http, ...names },
    producer: new RecordingProducer(),
    onAcknowledged: () => undefined,
    traces,
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
  const door = await openDoor({ http: { publicUrl: 'https://sms.example.com' } });
  const document = (await (await door.get('/openapi.json')).json()) as Document;
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(document.servers).toEqual([{ url: 'https://sms.example.com' }]);
  const ids = Object.values(document.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
  expect(new Set(ids).size).toBe(ids.length);
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
    const door = await openDoor({ http: { tokens } });
    const { paths } = (await (await door.get('/openapi.json')).json()) as Document;
    return Object.entries(paths).map(([path, operations]) => [needsToken(path), Object.values(operations)[0]?.security ?? []]);
  };
  for (const [, security] of await securities([])) expect(security).toEqual([]);
  for (const [isApi, security] of await securities([new Secret('t')])) expect(security).toEqual(isApi ? [{ bearer: [] }] : []);
});

test('what is answered is what the document says', async () => {
  const door = await openDoor({
    outbox: { latest: async () => [{ at: '2026-11-20T03:00:00Z', provider: 'desk', messageId: 'm', to: '+60*******789', text: 'x' }] },
  });
  const ajv = new Ajv2020({ allowUnionTypes: true, validateFormats: false });
  ajv.addVocabulary(['components']);
  const schemas = componentSchemas();
  ajv.addSchema({ $id: 'https://example.com/document', components: { schemas } });
  const alert = { severity: 'critical', to: '+60123456789', text: 'Disk full' };
  const answers: [keyof typeof schemas, Response][] = [
    ['Verdicts', await door.post('/v1/alerts', [alert, { ...alert, to: '1' }])],
    ['AllRejected', await door.post('/v1/alerts', {})],
    ['Resolve', await door.post('/v1/alerts/resolve', { dedupKey: 'k' })],
    ['AlertTrace', await door.get('/v1/alerts/known')],
    ['MessageTrace', await door.get('/v1/messages/m-known')],
    ['Outbox', await door.get('/v1/simulated/outbox')],
    ['Problem', await door.get('/v1/messages/unknown')],
    ['Alive', await door.get('/healthz')],
    ['Ready', await door.get('/readyz')],
  ];
  for (const [name, response] of answers) {
    const validate = ajv.compile({ $ref: `https://example.com/document#/components/schemas/${name}` });
    const body = await response.json();
    expect(validate(body), `${name} ${JSON.stringify(body)} ${JSON.stringify(validate.errors)}`).toBe(true);
    expect(validate([]), name).toBe(false);
  }
});
