import { expect, test } from 'vitest';
import { type } from './recording-deps.ts';

test('takes care of an alert, by name', async () => {
  const ran = await type(['acknowledge', 'a-1', '--by', 'alice'], { acknowledgement: { kind: 'acknowledged', cancelled: 2 } });
  expect(ran).toMatchObject({ code: 0, stdout: '', stderr: 'acknowledged: 2 text(s) not sent yet are cancelled\n' });
  expect(ran.calls).toContainEqual(['acknowledge', 'a-1', 'cli by alice']);
});

test('has a short name, and JSON for programs', async () => {
  const ran = await type(['ack', 'a-1', '--json'], { acknowledgement: { kind: 'acknowledged', cancelled: 1 } });
  expect([ran.code, JSON.parse(ran.stdout)]).toEqual([0, { id: 'a-1', status: 'acknowledged', cancelled: 1 }]);
  expect(ran.calls).toContainEqual(['acknowledge', 'a-1', 'cli']);
});

test.each(['acknowledged', 'resolved'] as const)('says what was %s before, and is content', async (over) => {
  const ran = await type(['ack', 'a-1', '--json'], { acknowledgement: { kind: 'over', over } });
  expect(ran).toMatchObject({ code: 0, stderr: `it was ${over} before: nothing has changed\n` });
  expect(JSON.parse(ran.stdout)).toMatchObject({ status: `already_${over}` });
});

test.each([
  ['an unknown alert', 'missing', 'error: no alert a-1, or it is past its time\n'],
  ['an alert without a problem', 'pointless', 'error: alert a-1 was malformed, or tells itself'],
] as const)('fails for %s', async (_name, kind, words) => {
  const ran = await type(['ack', 'a-1'], { acknowledgement: { kind } });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(words);
});
