import { describe, expect, it } from 'vitest';
import { aboutOf, describeEntry } from '../../src/console/describe-entry.ts';
import type { ShownEntry } from '../../src/http/console/api.ts';
import { alertEntry, messageEntry } from './entries.ts';

const asked = { provider: 'main', startedAt: '2026-11-20T03:00:00.000Z', endedAt: '2026-11-20T03:00:00.800Z' };

describe('what happens, in words', () => {
  it.each<[ShownEntry, string, string]>([
    [
      messageEntry({ state: 'accepted', provider: 'main', attempt: { ...asked, result: 'accepted' } }),
      'good',
      'Texted alice (+60*******789) through main, 0.80 s',
    ],
    [messageEntry({ state: 'accepted', provider: 'main' }), 'good', 'Texted alice (+60*******789) through main'],
    [messageEntry({ state: 'delivered', recipient: '+60*******789' }), 'good', 'Delivered to +60*******789, according to a receipt'],
    [
      messageEntry({ state: 'undelivered', provider: 'main' }),
      'bad',
      'Not delivered to alice (+60*******789), according to a receipt through main',
    ],
    [
      messageEntry({ state: 'deferred', reason: 'quiet_hours' }),
      'wait',
      'Held back alice (+60*******789): it is quiet hours for the recipient',
    ],
    [messageEntry({ state: 'deferred' }), 'wait', 'Held back alice (+60*******789): it waits for its turn'],
    [
      messageEntry({ state: 'failed', reason: 'recipient', recipient: null }),
      'bad',
      'Not texted a phone: the provider reports that this number cannot receive SMS',
    ],
    [
      messageEntry({ state: 'cancelled', reason: 'resolved' }),
      'plain',
      'Not texted alice (+60*******789): the problem was resolved before the message was sent',
    ],
    [messageEntry({ state: 'expired' }), 'bad', 'Not texted alice (+60*******789): its deadline passed before it could be sent'],
    [messageEntry({ state: 'queued' }), 'wait', 'Pending for alice (+60*******789)'],
    [
      messageEntry({ state: 'sending', attempt: { ...asked, result: 'refused', reason: 'throttled' } }),
      'wait',
      'Refused by main, for alice (+60*******789): the provider asked us to slow down',
    ],
    [
      messageEntry({ state: 'sending', attempt: { ...asked, result: 'unknown' } }),
      'wait',
      'Unclear at main, for alice (+60*******789): reason unknown',
    ],
    [alertEntry({ messages: 2, contacts: ['alice', 'bob'] }), 'plain', 'Alert critical for alice, bob, 2 texts to send'],
    [alertEntry({ contacts: ['a', 'b', 'c', 'd'] }), 'plain', 'Alert critical for a, b and 2 more, 1 text to send'],
    [alertEntry({ contacts: [] }), 'plain', 'Alert critical, 1 text to send'],
    [
      alertEntry({ outcome: 'suppressed', reason: 'duplicate' }),
      'plain',
      'Not texted alice: another alert with the same dedup key was raised for the same phone within dedupeFor',
    ],
    [alertEntry({ outcome: 'malformed', reason: 'malformed', contacts: [] }), 'bad', 'Rejected an alert: it is not a valid alert'],
    [alertEntry({ outcome: 'acknowledged' }), 'good', 'Acknowledged unsent messages were cancelled'],
  ])('%# %s %s', (entry, tone, words) => {
    const { what, rest, ...said } = describeEntry(entry);
    expect(`${what} ${rest}`).toBe(words);
    expect(said.tone).toBe(tone);
  });
});

describe('what an alert is about', () => {
  it.each([
    [alertEntry({ dedupKey: 'db-1/down' }), 'db-1/down'],
    [alertEntry({ dedupKey: 'auto-Zr1' }), null],
    [alertEntry({ dedupKey: null }), null],
    [messageEntry({}), null],
  ])('%#: %s', (entry, about) => {
    expect(aboutOf(entry)).toBe(about);
  });
});
