import { describe, expect, test } from 'vitest';
import { createReconcile, judgeStatus, mayClearUp, ONCE, PATIENTLY } from '../../../src/pipeline/sending/reconcile.ts';
import type { SendTarget } from '../../../src/pipeline/sending/send-target.ts';
import { ProviderError, type ProviderReason, type StatusQuery, type VendorStatus } from '../../../src/provider/contract/provider.ts';
import { messageOf } from '../../support/fixtures/message.ts';
import { createScriptedProvider } from '../../support/scripted-provider.ts';

const unclear = (code: string, reason: ProviderReason = 'unknown_outcome'): VendorStatus => ({
  kind: 'unclear',
  error: new ProviderError(reason, { code }),
});
const message = messageOf({ text: 'CRITICAL: Disk full and then some' });
const attempt = { provider: 'a', startedAt: '2026-11-20T03:00:00.000Z' };

interface World {
  readonly says?: readonly (VendorStatus | Error)[];
  readonly onPause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

function setUp({ says, onPause = async () => undefined }: World) {
  const asked: StatusQuery[] = [];
  const pauses: number[] = [];
  const bugs: unknown[] = [];
  const lines = [...(says ?? [])];
  const status = async (query: StatusQuery): Promise<VendorStatus> => {
    asked.push(query);
    const line = lines.shift() as VendorStatus | Error;
    if (line instanceof Error) throw line;
    return line;
  };
  const provider = { ...createScriptedProvider('a', []), maxCharacters: 20, ...(says === undefined ? {} : { status }) };
  const targets = new Map<string, SendTarget>([['a', { provider, timeoutMs: 1, pace: (_signal, job) => job() }]]);
  const reconcile = createReconcile({
    targets,
    onBug: (error) => void bugs.push(error),
    pause: (ms, signal) => {
      pauses.push(ms);
      return onPause(ms, signal);
    },
  });
  return { asked, pauses, bugs, reconcile };
}

test.each<[VendorStatus, string]>([
  [{ kind: 'pending' }, 'confirmed_sent'],
  [{ kind: 'delivered' }, 'confirmed_sent'],
  [{ kind: 'undelivered', code: '30003' }, 'confirmed_sent'],
  [{ kind: 'absent' }, 'confirmed_not_sent'],
  [unclear('TOO_EARLY'), 'unclear'],
])('%j is %s', (status, kind) => {
  expect(judgeStatus(status).kind).toBe(kind);
});

test.each<[ProviderReason, string, boolean]>([
  ['unknown_outcome', 'NOT_FOUND', true],
  ['unavailable', 'ECONNREFUSED', true],
  ['unknown_outcome', 'NO_VENDOR_ID', false],
  ['throttled', '429', false],
  ['auth', '20003', false],
])('%s %s may clear up in a second: %s', (reason, code, worthIt) => {
  expect(mayClearUp({ kind: 'unclear', error: new ProviderError(reason, { code }) })).toBe(worthIt);
});

describe('a status query', () => {
  const signal = new AbortController().signal;

  test('gives the vendor the number, the time and the text as sent', async () => {
    const { reconcile, asked, pauses } = setUp({ says: [{ kind: 'pending', providerMessageId: 'SM9' }] });
    expect(await reconcile(message, attempt, signal, PATIENTLY)).toMatchObject({
      kind: 'confirmed_sent',
      said: { providerMessageId: 'SM9' },
    });
    expect(asked).toEqual([{ id: 'm-1', to: message.to, sentAt: new Date(attempt.startedAt), text: 'CRITICAL: Disk fu...' }]);
    expect(pauses).toEqual([]);
  });

  test('goes on while the vendor does not say, three times in all', async () => {
    const found = setUp({ says: [unclear('NOT_FOUND'), unclear('NOT_FOUND'), { kind: 'delivered' }] });
    expect(await found.reconcile(message, attempt, signal, PATIENTLY)).toMatchObject({ kind: 'confirmed_sent' });
    expect(found.pauses).toEqual([1000, 3000]);
    const never = setUp({ says: [unclear('A'), unclear('B'), unclear('C')] });
    expect(await never.reconcile(message, attempt, signal, PATIENTLY)).toMatchObject({ kind: 'unclear', error: { code: 'C' } });
  });

  test('once is once', async () => {
    const { reconcile, asked } = setUp({ says: [unclear('NOT_FOUND'), { kind: 'delivered' }] });
    expect(await reconcile(message, attempt, signal, ONCE)).toMatchObject({ kind: 'unclear' });
    expect(asked).toHaveLength(1);
  });

  test('ends immediately when the signal aborts', async () => {
    const stop = new AbortController();
    const { reconcile, asked } = setUp({
      says: [unclear('NOT_FOUND'), { kind: 'delivered' }],
      onPause: (_ms, signal) => {
        stop.abort(new Error('shutting down'));
        return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve();
      },
    });
    expect(await reconcile(message, attempt, stop.signal, PATIENTLY)).toMatchObject({ kind: 'unclear' });
    expect(asked).toHaveLength(1);
  });

  test('a vendor that cannot be asked, or is no longer there, takes no time', async () => {
    const { reconcile, pauses } = setUp({});
    expect(await reconcile(message, attempt, signal, PATIENTLY)).toEqual({ kind: 'unclear' });
    expect(await reconcile(message, { ...attempt, provider: 'gone' }, signal, PATIENTLY)).toEqual({ kind: 'unclear' });
    expect(pauses).toEqual([]);
  });

  test('an adapter that throws proves nothing and is a bug', async () => {
    const bug = new TypeError('cannot read properties of undefined');
    const { reconcile, bugs } = setUp({ says: [bug] });
    expect(await reconcile(message, attempt, signal, ONCE)).toMatchObject({ kind: 'unclear', error: { code: 'adapter_bug' } });
    expect(bugs).toEqual([bug]);
  });
});
