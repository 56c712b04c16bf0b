import { expect, test } from 'vitest';
import { createEscalationGate } from '../../../src/pipeline/gates/escalation-gate.ts';
import type { MessageSubject } from '../../../src/pipeline/sending/message-run.ts';
import { unconcerned } from '../../../src/pipeline/stage.ts';

const NOW = Date.parse('2026-11-20T03:00:00Z');
const deferred = (notBefore: number) => ({ kind: 'deferred', reason: 'escalation', until: new Date(notBefore) });

test.each<[name: string, notBefore: number | undefined, over: 'resolved' | 'acknowledged' | undefined, verdict: object]>([
  ['without a ladder is none of its business', undefined, undefined, unconcerned],
  ['without a ladder leaves it to the attempt whether it is over', undefined, 'resolved', unconcerned],
  ['that is due passes', NOW, undefined, { kind: 'pass' }],
  ['that is not due waits', NOW + 1, undefined, deferred(NOW + 1)],
  ['that is not due and resolved is cancelled at once', NOW + 1, 'resolved', { kind: 'cancelled', reason: 'resolved' }],
  ['that is not due and acknowledged is cancelled at once', NOW + 1, 'acknowledged', { kind: 'cancelled', reason: 'acknowledged' }],
])('a text %s', async (_name, notBefore, over, verdict) => {
  const gate = createEscalationGate({
    closedBy: async (dedupHash, receivedAt) => (dedupHash === 'disk' && receivedAt === NOW - 500 ? over : undefined),
  });
  const subject = { message: { notBefore, dedupHash: 'disk', receivedAt: NOW - 500 } } as unknown as MessageSubject;
  const ctx = { clock: { now: () => new Date(NOW) }, signal: new AbortController().signal, note: () => undefined };
  expect(await gate.exec(subject, ctx)).toEqual(verdict);
});
