import { expect, test } from 'vitest';
import { messageHistory } from '../../support/fixtures/history.ts';
import { type, type World } from '../recording-deps.ts';

test('acknowledges an alert, with a name', async () => {
  const ran = await type(['acknowledge', 'a-1', '--by', 'alice'], { acknowledgement: { kind: 'acknowledged', cancelled: 2 } });
  expect(ran).toMatchObject({ code: 0, stdout: '', stderr: 'acknowledged; 2 unsent message(s) cancelled\n' });
  expect(ran.calls).toContainEqual(['acknowledge', 'a-1', 'cli by alice']);
});

test('has a short name, and JSON for programs', async () => {
  const ran = await type(['ack', 'a-1', '--json'], { acknowledgement: { kind: 'acknowledged', cancelled: 1 } });
  expect([ran.code, JSON.parse(ran.stdout)]).toEqual([0, { id: 'a-1', status: 'acknowledged', cancelled: 1 }]);
  expect(ran.calls).toContainEqual(['acknowledge', 'a-1', 'cli']);
});

test('reports an earlier acknowledgement, which counts as success', async () => {
  const ran = await type(['ack', 'a-1', '--json'], { acknowledgement: { kind: 'over', over: 'acknowledged' } });
  expect(ran).toMatchObject({ code: 0, stderr: 'the alert is already acknowledged; nothing changed\n' });
  expect(JSON.parse(ran.stdout)).toMatchObject({ status: 'already_acknowledged' });
});

test('of a resolved alert has nothing to end: exit 1', async () => {
  const ran = await type(['ack', 'a-1'], { acknowledgement: { kind: 'over', over: 'resolved' } });
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining('error: alert a-1 is already resolved; nothing changed\n') });
});

test.each<[what: string, id: string, world: World, hint: string]>([
  ['a slip of the finger', 'order-43.payd', { recentIds: ['order-43.paid'] }, 'Did you mean order-43.paid?'],
  ['the id of a message', 'm-1', { message: messageHistory({ alertId: 'order-42.paid' }) }, 'Did you mean order-42.paid?'],
  ['an id like no other', 'zzz', { recentIds: ['order-43.paid'] }, 'Check that this is the Redis on which the alert was raised.'],
])('finds what %s meant', async (_what, id, world, hint) => {
  const ran = await type(['ack', id], { acknowledgement: { kind: 'missing' }, ...world });
  expect(ran.stderr).toBe(`error: no alert has the id ${id}, or its record has expired\n${hint}\n`);
  expect(ran.code).toBe(1);
});

test.each([
  ['an unknown alert', 'missing', 'error: no alert has the id a-1, or its record has expired\n'],
  ['an alert without a problem', 'not_acknowledgeable', 'error: alert a-1 cannot be acknowledged'],
] as const)('fails for %s', async (_name, kind, words) => {
  const ran = await type(['ack', 'a-1'], { acknowledgement: { kind } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(words);
});
