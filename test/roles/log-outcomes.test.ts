import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/logger.ts';
import type { LimitReport, MessageReport } from '../../src/pipeline/end-report.ts';
import { logOutcomes } from '../../src/roles/log-outcomes.ts';
import { createSettableClock } from '../support/settable-clock.ts';

const MINUTE_MS = 60_000;
const origin = { alertId: 'order-60123456789', severity: 'critical', route: 'default', source: 'checkout' };
const message = (over: Partial<MessageReport> = {}): MessageReport => ({ messageId: 'm-1', ...origin, state: 'failed', ...over });
const limit = (over: Partial<LimitReport> = {}): LimitReport => ({
  ...{ messageId: 'm-1', ...origin, reason: 'rate_cap_recipient', limit: 'rate_cap_recipient p 5', cap: { max: 5, windowMs: 3_600_000 } },
  ...over,
});

function setup(level = 'debug') {
  const lines: Record<string, unknown>[] = [];
  const clock = createSettableClock(Date.parse('2026-11-20T03:00:00Z'));
  const log = logOutcomes(createLogger(level, { write: (line: string) => void lines.push(JSON.parse(line)) }), clock);
  return { log, lines, clock };
}

describe('each end of a message is one line', () => {
  test.each<[MessageReport['state'], Partial<MessageReport>, string, string]>([
    ['accepted', {}, 'debug', 'message accepted'],
    ['deferred', { reason: 'rate_cap_hour' }, 'info', 'message deferred'],
    ['deferred', { reason: 'rate_cap_hour', again: true }, 'debug', 'message deferred'],
    ['suppressed', { reason: 'rate_cap_hour' }, 'warn', 'message suppressed'],
    ['suppressed', { reason: 'digested' }, 'info', 'message suppressed'],
    ['suppressed', { reason: 'budget', severity: 'warning' }, 'info', 'message suppressed'],
    ['cancelled', { reason: 'resolved' }, 'info', 'message cancelled'],
    ['expired', { reason: 'expired', lastReason: 'auth' }, 'warn', 'message expired'],
    ['failed', { reason: 'content', code: '30034', provider: 'twilio-main' }, 'warn', 'message failed'],
    ['unknown', { reason: 'unknown_outcome', provider: 'sns' }, 'warn', 'message outcome unknown'],
    ['undelivered', { reason: 'recipient' }, 'warn', 'message not delivered'],
    ['undelivered', { reason: 'recipient', severity: 'info' }, 'info', 'message not delivered'],
  ])('%s %j is logged at %s', (state, over, level, msg) => {
    const { log, lines } = setup();
    log.messageEnded(message({ state, ...over }));
    const { again: _again, ...facts } = over;
    expect(lines).toEqual([expect.objectContaining({ level, msg, messageId: 'm-1', route: 'default', source: 'checkout', ...facts })]);
    expect(JSON.stringify(lines)).not.toContain('60123456789');
  });

  test('and so is each end of an alert that becomes no message', () => {
    const { log, lines } = setup();
    log.alertEnded({ ...origin, outcome: 'suppressed', reason: 'duplicate', detail: 'same dedup key as alert a-1' });
    log.alertEnded({ ...origin, outcome: 'suppressed', reason: 'expired' });
    log.alertEnded({ alertId: 'a-2', severity: 'unknown', outcome: 'malformed', reason: 'malformed', detail: 'to: is missing' });
    expect(lines.map(({ level, msg, reason }) => [level, msg, reason])).toEqual([
      ['info', 'alert suppressed', 'duplicate'],
      ['warn', 'alert suppressed', 'expired'],
      ['warn', 'alert malformed', 'malformed'],
    ]);
  });
});

describe('a limit that is full', () => {
  test('is one line an episode, however many messages it holds back', () => {
    const { log, lines, clock } = setup();
    for (let n = 0; n < 100; n += 1) {
      log.limitReached(limit({ messageId: `m-${n}`, until: new Date(clock.at + MINUTE_MS) }));
      clock.at += 10_000;
    }
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', msg: 'rate cap full', messageId: 'm-0', max: 5, windowMs: 3_600_000 }),
    ]);
    clock.at += 15 * MINUTE_MS;
    log.limitReached(limit());
    expect(lines).toHaveLength(2);
  });

  test('lasts as long as it is known to, though nothing more is held back', () => {
    const { log, lines, clock } = setup();
    log.limitReached(limit({ until: new Date(clock.at + 60 * MINUTE_MS) }));
    clock.at += 61 * MINUTE_MS;
    log.limitReached(limit());
    expect(lines).toHaveLength(1);
  });

  test('is distinguished from the next one', () => {
    const { log, lines } = setup();
    log.limitReached(limit());
    log.limitReached(limit({ limit: 'rate_cap_recipient q 5' }));
    log.limitReached(limit({ reason: 'budget', limit: 'budget', cap: undefined }));
    expect(lines.map(({ msg }) => msg)).toEqual(['rate cap full', 'rate cap full', 'budget spent']);
  });
});
