import { expect, test } from 'vitest';
import type { Acknowledgement } from '../../../src/queue/producer/producer-port.ts';
import { Secret } from '../../../src/setting/secret.ts';
import { openTestServer, problemOf } from '../test-server.ts';

async function acknowledge(answer: Acknowledgement | undefined, body?: object) {
  let counted = 0;
  const server = await openTestServer({ onAcknowledged: () => (counted += 1) });
  if (answer !== undefined) server.producer.acknowledgements.set('a-1', answer);
  const response =
    body === undefined
      ? await fetch(`${server.url}/v1/alerts/a-1/acknowledge`, { method: 'POST' })
      : await server.post('/v1/alerts/a-1/acknowledge', body);
  return { response, told: server.producer.acknowledged, counted: () => counted };
}

test('the caller receives the number of cancelled messages, and is in the trace', async () => {
  const { response, told, counted } = await acknowledge({ kind: 'acknowledged', cancelled: 2 }, { by: ' alice ' });
  expect([response.status, await response.json()]).toEqual([200, { id: 'a-1', status: 'acknowledged', cancelled: 2 }]);
  expect(told).toEqual([['a-1', 'http by alice']]);
  expect(counted()).toBe(1);
});

test('a name and a body are optional', async () => {
  const { response, told } = await acknowledge({ kind: 'acknowledged', cancelled: 0 });
  expect(response.status).toBe(200);
  expect(told).toEqual([['a-1', 'http']]);
});

test.each(['acknowledged', 'resolved'] as const)('what was %s before is no fault, and counted no second time', async (over) => {
  const { response, counted } = await acknowledge({ kind: 'over', over }, {});
  expect([response.status, await response.json()]).toEqual([200, { id: 'a-1', status: `already_${over}`, cancelled: 0 }]);
  expect(counted()).toBe(0);
});

test.each<[name: string, answer: Acknowledgement | undefined, body: object, status: number, kind: string]>([
  ['an unknown alert', undefined, {}, 404, 'not-found'],
  ['an alert without a problem', { kind: 'not_acknowledgeable' }, {}, 409, 'nothing-to-acknowledge'],
  ['an unknown key', { kind: 'acknowledged', cancelled: 0 }, { who: 'alice' }, 400, 'invalid-request'],
  ['a name without end', { kind: 'acknowledged', cancelled: 0 }, { by: 'a'.repeat(65) }, 400, 'invalid-request'],
])('%s is refused', async (_name, answer, body, status, kind) => {
  const { response } = await acknowledge(answer, body);
  expect(await problemOf(response)).toMatchObject({ status, kind });
});

test('an id that never was one is not looked up', async () => {
  const server = await openTestServer();
  expect((await server.post('/v1/alerts/%2B60123456789%20/acknowledge', {})).status).toBe(404);
  expect(server.producer.acknowledged).toEqual([]);
});

test('a token is needed where there are tokens', async () => {
  const server = await openTestServer({ http: { tokens: [new Secret('token')] } });
  expect((await server.post('/v1/alerts/a-1/acknowledge', {})).status).toBe(401);
});
