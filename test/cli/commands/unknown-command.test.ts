import { describe, expect, test } from 'vitest';
import { attempt, messageHistory } from '../../support/fixtures/history.ts';
import { type } from '../recording-deps.ts';

const unknown = messageHistory({
  state: 'unknown',
  reason: 'unknown_outcome',
  contact: 'alice',
  attempts: [attempt({ result: 'unknown', reason: 'unknown_outcome' })],
});

describe('unknown list', () => {
  test('shows as many as requested, and reports that there are more', async () => {
    const unknowns = ['m-1', 'm-2', 'm-3'].map((id) => ({ ...unknown, id }));
    const { stdout, stderr } = await type(['unknown', 'list', '--limit', '2', '--json'], { unknown: unknowns });
    expect(JSON.parse(stdout)).toMatchObject({ more: true, unknown: [{ id: 'm-1' }, { id: 'm-2' }] });
    expect(stderr).toBe('2 with unknown outcome, and more; see --limit\n');
  });

  test('shows the start time, the recipient and the provider', async () => {
    const { code, stdout, stderr, calls } = await type(['unknown', 'list'], { unknown: [unknown] });
    expect(stdout).toBe(
      'SINCE                    MESSAGE  SEVERITY  TO                     PROVIDERS\n' +
        '2026-11-20 03:00:01 UTC  m-1      critical  +60*******789 (alice)  twilio-main\n',
    );
    expect(stderr).toBe('1 with unknown outcome\n');
    expect(calls.map(([name]) => name)).toEqual(['loadConfig', 'list unknown', 'close unknown resolver']);
    expect(code).toBe(0);
  });

  test('--json prints the traces', async () => {
    const { stdout } = await type(['unknown', 'list', '--json'], { unknown: [unknown] });
    expect(JSON.parse(stdout)).toEqual({ more: false, unknown: [unknown] });
  });

  test('of nothing is empty and fine', async () => {
    expect(await type(['unknown', 'list'])).toMatchObject({ code: 0, stdout: '', stderr: 'no messages with unknown outcome\n' });
  });
});

describe('unknown resolve', () => {
  test.each([
    [['--sent'], 'sent', 'accepted'],
    [['--not-sent'], 'not_sent', 'failed'],
    [['--not-sent', '--resend'], 'resend', 'queued again'],
  ])('%j prints %s', async (flags, word, told) => {
    const { code, stderr, stdout, calls } = await type(['unknown', 'resolve', 'm-1', '--json', ...flags]);
    expect(calls).toContainEqual(['resolve unknown', 'm-1', word]);
    expect(stderr).toContain(told);
    expect(JSON.parse(stdout)).toEqual({ id: 'm-1', resolved: word });
    expect(code).toBe(0);
  });

  test.each([[[]], [['--sent', '--not-sent']], [['--resend']], [['--sent', '--resend']]])('%j is wrong usage', async (flags) => {
    const { code, calls } = await type(['unknown', 'resolve', 'm-1', ...flags]);
    expect(code).toBe(2);
    expect(calls).toEqual([]);
  });

  test('an id that cannot be one is wrong usage', async () => {
    expect((await type(['unknown', 'resolve', '+60123456789', '--sent'])).code).toBe(2);
  });

  test.each([
    ['accepted', 'm-1 has no unknown outcome: it is accepted'],
    [undefined, 'no message has the id m-1'],
  ] as const)('of one that is %s is exit 1', async (state, told) => {
    const { code, stderr } = await type(['unknown', 'resolve', 'm-1', '--sent'], { settled: { kind: 'kept', state } });
    expect(stderr).toContain(told);
    expect(code).toBe(1);
  });
});
