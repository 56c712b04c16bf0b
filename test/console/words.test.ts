import { describe, expect, it } from 'vitest';
import { splitConclusion, type Tone, toneOfPhone } from '../../src/console/describe-entry.ts';
import { faultOf } from '../../src/console/fault.ts';
import { circuitWords, memoryWords, queueWords, requestWords } from '../../src/console/figure-words.ts';
import { looksLikePhone } from '../../src/console/looks-like-phone.ts';
import { relativeTime } from '../../src/console/relative-time.ts';
import { type ConclusionKind, conclude, HEADLINES } from '../../src/explain/conclude-message.ts';
import type { MessageState } from '../../src/ledger/history/history.ts';
import { providerOf } from '../cli/overviews.ts';

describe('when it was', () => {
  it.each([
    [0, 'now'],
    [-2, 'now'],
    [3, '3 s ago'],
    [59, '59 s ago'],
    [60, '1 min ago'],
    [3600, '1 h ago'],
    [200_000, '2 d ago'],
    [-300, 'in 5 min'],
  ])('%i s before now: %s', (seconds, words) => {
    expect(relativeTime(1_000_000_000 - seconds * 1000, 1_000_000_000)).toBe(words);
  });
});

describe('what is typed into the search', () => {
  it.each([
    ['+60123456789', true],
    ['60 12-345 6789', true],
    ['(012) 345-6789', true],
    ['tel:+60123456789', true],
    ['＋60123456789', true],
    ['\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669', true],
    ['\u200b+60\u202f12\u202f345\u202f6789', true],
    ['whatsapp:+60123456789', true],
    ['60123456789.0', true],
    ['alice +60 12 345 6789', true],
    ['alice', false],
    ['db-1/unreachable', false],
    ['a-ef5342ea-0f37-4cc0-a4be-14f05bb8f536', false],
    ['order-42.paid', false],
    ['123456', false],
    ['', false],
  ])('%s is a phone number: %s', (query, answer) => {
    expect(looksLikePhone(query)).toBe(answer);
  });
});

describe('the conclusion of a story', () => {
  it.each<[ConclusionKind, Tone]>([
    ['texted', 'good'],
    ['waiting', 'wait'],
    ['sending', 'wait'],
    ['unknown', 'bad'],
    ['undelivered', 'bad'],
    ['simulated', 'plain'],
    ['not_texted', 'bad'],
  ])('of kind %s is split into headline and explanation, with tone %s', (kind, tone) => {
    expect(splitConclusion(conclude(kind, 'accepted: by main.'))).toEqual({ head: HEADLINES[kind], rest: 'Accepted: by main.', tone });
  });

  it('of a newer version is shown whole', () => {
    const conclusion = { kind: 'recalled' as ConclusionKind, text: 'Recalled: by main.' };
    expect(splitConclusion(conclusion)).toEqual({ head: 'Recalled: by main.', rest: '', tone: 'plain' });
  });
});

describe('one phone among several', () => {
  it.each<[MessageState, Tone]>([
    ['failed', 'bad'],
    ['undelivered', 'bad'],
    ['delivered', 'good'],
    ['deferred', 'wait'],
    ['suppressed', 'plain'],
  ])('%s: %s', (state, tone) => {
    expect(toneOfPhone(state)).toBe(tone);
  });
});

describe('figures in words', () => {
  const queue = {
    queue: 'sms-messages',
    counts: { waiting: 0, prioritized: 0, active: 0, delayed: 0, 'waiting-children': 0, failed: 0 },
    oldestAgeSeconds: 0,
    oldestCriticalSeconds: 0,
    paused: false,
  };
  it.each([
    [queue, { text: 'empty', age: undefined, tone: 'plain' }],
    [
      { ...queue, counts: { waiting: 1, prioritized: 2, active: 3, delayed: 4, 'waiting-children': 0, failed: 0 }, oldestAgeSeconds: 75 },
      { text: '3 waiting, 3 active, 4 later', age: '1 min', tone: 'plain' },
    ],
    [
      { ...queue, counts: { ...queue.counts, failed: 2 } },
      { text: '2 dead', age: undefined, tone: 'wait' },
    ],
    [
      { ...queue, counts: { ...queue.counts, prioritized: 1 }, oldestAgeSeconds: 61, oldestCriticalSeconds: 61 },
      { text: '1 waiting', age: '1 min', tone: 'bad' },
    ],
    [
      { ...queue, counts: { ...queue.counts, waiting: 2 }, paused: true },
      { text: 'paused, 2 waiting', age: undefined, tone: 'bad' },
    ],
  ])('a queue %#', (figures, words) => {
    expect(queueWords(figures)).toEqual(words);
  });

  const provider = providerOf('main');
  it.each([
    [{ ...provider, circuit: 'closed', reason: null }, 'working', 'no recent requests'],
    [{ ...provider, circuit: 'half_open', reason: 'auth', accepted: 1 }, 'half-open', '100% of 1 accepted'],
    [
      { ...provider, circuit: 'open', reason: 'auth', code: '20003', accepted: 199, refused: 1 },
      'open: auth (20003)',
      '99% of 200 accepted, 1 refused',
    ],
    [{ ...provider, circuit: 'open', reason: null, unknown: 2 }, 'open', '0% of 2 accepted, 2 unknown'],
  ] as const)('a provider %#', (health, circuit, requests) => {
    expect([circuitWords(health).text, requestWords(health)]).toEqual([circuit, requests]);
  });

  it('memory', () => {
    const redis = { version: '7', uptimeSeconds: 1, maxMemoryPolicy: 'noeviction', evictedKeys: 0, appendOnly: true, lastWriteOk: true };
    expect(memoryWords({ ...redis, usedMemoryBytes: 2_621_440, maxMemoryBytes: 0 })).toBe('2.5 MB, no limit');
    expect(memoryWords({ ...redis, usedMemoryBytes: 104_857_600, maxMemoryBytes: 2_147_483_648 })).toBe('100 MB of 2.0 GB');
  });
});

describe('what went wrong', () => {
  it.each([
    [-1, { detail: 'a bug' }, 'a bug', 'Reload the page'],
    [0, undefined, 'The server does not answer.', 'receiver running'],
    [401, { title: 'Unauthorized' }, 'Unauthorized', 'Log in'],
    [503, { title: 'Redis is not available', detail: 'Send it again later.' }, 'Redis is not available', 'doctor'],
    [500, undefined, 'The server responded with 500.', 'log of the receiver'],
    [404, { detail: '' }, 'The server responded with 404.', 'may have expired'],
  ])('%i %j', (status, body, message, todo) => {
    const fault = faultOf(status, body);
    expect(fault.message).toBe(message);
    expect(fault.todo).toContain(todo);
  });
});
