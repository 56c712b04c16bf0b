import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/pipeline/message.ts';
import { type KnownFull, planMessage } from '../../../src/pipeline/routing/plan-message.ts';
import { messageOf } from '../../support/fixtures/message.ts';

const NOW = new Date('2026-11-20T03:00:00Z');
const HOUR_MS = 3_600_000;
const later = (ms: number) => new Date(NOW.getTime() + ms);
const at = NOW.toISOString();
const consented = { at, stage: 'consent-gate', verdict: 'pass' };

const message = (over: Partial<Message> = {}): Message =>
  messageOf({ id: 'm1', alertId: 'a1', contact: 'alice', segments: 2, expiresAt: later(60_000).getTime(), phoneHash: 'p', ...over });
const full = (ms: number): KnownFull => ({ reason: 'rate_cap_recipient', retryAt: later(ms), cap: { max: 5, windowMs: 3_600_000 } });

describe('a message begins', () => {
  test('on the queue, with a card that masks the number', () => {
    const it = message();
    expect(planMessage(it, undefined, undefined, NOW)).toEqual({
      message: it,
      job: 'now',
      record: {
        id: 'm1',
        alertId: 'a1',
        to: '+60*******789',
        phoneHash: 'p',
        contact: 'alice',
        severity: 'critical',
        route: 'default',
        segments: 2,
        createdAt: NOW.getTime(),
        expiresAt: later(60_000).getTime(),
        content: JSON.stringify(it),
        state: 'queued',
        reason: null,
        until: null,
        events: [consented],
      },
    });
  });

  test('without a name where its phone has none', () => {
    const { contact: _, ...nameless } = message();
    expect(planMessage(nameless, undefined, undefined, NOW).record.contact).toBeNull();
  });

  test('and ends where messages to its recipient are not permitted, with any caps', () => {
    const refusal = { stage: 'country-gate', reason: 'country_not_allowed', detail: 'because' } as const;
    const step = planMessage(message(), refusal, full(1000), NOW);
    expect(step.job).toBeUndefined();
    expect(step.record).toMatchObject({ state: 'suppressed', reason: 'country_not_allowed', until: null });
    expect(step.record.events).toEqual([{ at, verdict: 'suppressed', ...refusal }]);
  });

  test.each<[name: string, roomAfterMs: number, until: Date]>([
    ['until a full cap has room', 59_999, later(59_999)],
    ['no longer than its deadline', 60_001, later(60_000)],
  ])('by waiting %s', (_name, roomAfterMs, until) => {
    const step = planMessage(message(), undefined, full(roomAfterMs), NOW);
    expect(step.job).toEqual({ until });
    expect(step.record).toMatchObject({ state: 'deferred', reason: 'rate_cap_recipient', until });
    expect(step.record.events).toEqual([
      consented,
      {
        at,
        stage: 'rate-cap',
        verdict: 'deferred',
        reason: 'rate_cap_recipient',
        until: until.toISOString(),
        cap: { max: 5, windowMs: 3_600_000 },
      },
    ]);
  });

  test('on the queue where overflow is gathered, which is done by the dispatcher', () => {
    const step = planMessage(message({ overflow: 'digest' }), undefined, full(1000), NOW);
    expect(step.job).toBe('now');
    expect(step.record).toMatchObject({ state: 'queued', until: null });
  });

  test('and ends at a full cap where the route drops overflow', () => {
    const step = planMessage(message({ overflow: 'drop' }), undefined, full(1000), NOW);
    expect(step.job).toBeUndefined();
    expect(step.record).toMatchObject({ state: 'suppressed', reason: 'rate_cap_recipient', until: null });
    expect(step.record.events.at(-1)).toMatchObject({ verdict: 'suppressed', detail: `capacity again at ${later(1000).toISOString()}` });
  });

  describe('in quiet hours', () => {
    // It is eleven in Kuala Lumpur.
    const quietHours = { from: 600, to: 720, timeZone: 'Asia/Kuala_Lumpur', override: 'critical' } as const;

    test('with a dispatcher, which holds it back, with any full cap', () => {
      for (const known of [undefined, full(1000)]) {
        const step = planMessage(message({ severity: 'error', quietHours }), undefined, known, NOW);
        expect(step.job).toBe('now');
        expect(step.record).toMatchObject({ state: 'queued', reason: null, events: [consented] });
      }
    });

    test('and ends where the route drops what is held back', () => {
      const step = planMessage(message({ severity: 'error', quietHours, overflow: 'drop' }), undefined, full(1000), NOW);
      expect(step.job).toBeUndefined();
      expect(step.record).toMatchObject({ state: 'suppressed', reason: 'quiet_hours', until: null });
      const detail = 'quiet until 2026-11-20T04:00:00.000Z';
      expect(step.record.events).toEqual([consented, { at, stage: 'quiet-hours', verdict: 'suppressed', reason: 'quiet_hours', detail }]);
    });

    test.each<[name: string, over: Partial<Message>]>([
      ['what is grave enough', { severity: 'critical' }],
      ['what is not due before they end', { notBefore: later(HOUR_MS).getTime() }],
    ])('does not end for %s', (_name, over) => {
      expect(
        planMessage(message({ severity: 'error', quietHours, overflow: 'drop', ...over }), undefined, undefined, NOW).job,
      ).toBeDefined();
    });
  });
});
