import { describe, expect, test } from 'vitest';
import type { E164 } from '../../src/alert/phone.ts';
import { firstStep, type KnownFull } from '../../src/pipeline/first-step.ts';
import type { Message } from '../../src/pipeline/message.ts';

const NOW = new Date('2026-11-20T03:00:00Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
const at = NOW.toISOString();
const consented = { at, stage: 'consent-gate', verdict: 'pass' };

const message = (over: Partial<Message> = {}): Message => ({
  id: 'm1',
  alertId: 'a1',
  to: '+60123456789' as E164,
  contact: 'alice',
  severity: 'critical',
  purpose: 'alert',
  text: 'CRITICAL: Disk full',
  segments: 2,
  variables: { instance: '', priority: 'CRITICAL', content: 'Disk full' },
  receivedAt: NOW.getTime() - 500,
  expiresAt: later(60_000).getTime(),
  phoneHash: 'p',
  dedupHash: 'd',
  route: 'default',
  providers: ['a'],
  overflow: 'defer',
  onUnknown: 'hold',
  ...over,
});
const full = (ms: number): KnownFull => ({ reason: 'rate_cap_recipient', retryAt: later(ms) });

describe('a message begins', () => {
  test('on the queue, with a card that masks the number', () => {
    const it = message();
    expect(firstStep(it, true, undefined, NOW)).toEqual({
      message: it,
      job: 'now',
      record: {
        id: 'm1',
        alertId: 'a1',
        to: '+60*******789',
        contact: 'alice',
        severity: 'critical',
        route: 'default',
        segments: 2,
        createdAt: NOW.getTime(),
        expiresAt: later(60_000).getTime(),
        state: 'queued',
        reason: null,
        until: null,
        events: [consented],
      },
    });
  });

  test('without a name where its phone has none', () => {
    const { contact: _, ...nameless } = message();
    expect(firstStep(nameless, true, undefined, NOW).record.contact).toBeNull();
  });

  test('and ends without consent, whatever the caps say', () => {
    const step = firstStep(message(), false, full(1000), NOW);
    expect(step.job).toBeUndefined();
    expect(step.record).toMatchObject({ state: 'suppressed', reason: 'no_consent', until: null });
    expect(step.record.events).toEqual([{ at, stage: 'consent-gate', verdict: 'suppressed', reason: 'no_consent' }]);
  });

  test.each<[name: string, roomAfterMs: number, until: Date]>([
    ['until a full cap has room', 59_999, later(59_999)],
    ['no longer than its deadline', 60_001, later(60_000)],
  ])('by waiting %s', (_name, roomAfterMs, until) => {
    const step = firstStep(message(), true, full(roomAfterMs), NOW);
    expect(step.job).toEqual({ until });
    expect(step.record).toMatchObject({ state: 'deferred', reason: 'rate_cap_recipient', until });
    expect(step.record.events).toEqual([
      consented,
      { at, stage: 'rate-cap', verdict: 'deferred', reason: 'rate_cap_recipient', until: until.toISOString() },
    ]);
  });

  test('and ends at a full cap where the route drops what is over', () => {
    const step = firstStep(message({ overflow: 'drop' }), true, full(1000), NOW);
    expect(step.job).toBeUndefined();
    expect(step.record).toMatchObject({ state: 'suppressed', reason: 'rate_cap_recipient', until: null });
    expect(step.record.events.at(-1)).toMatchObject({ verdict: 'suppressed', detail: `room again at ${later(1000).toISOString()}` });
  });
});
