import { describe, expect, it } from 'vitest';
import { BAR_MS, BARS, EMPTY, fateOf, isAfter, lastBars, takeIn } from '../../src/console/flow.ts';
import { alertEntry, messageEntry } from './entries.ts';

const seqs = (flow: typeof EMPTY) => flow.entries.map(({ seq }) => seq);

describe('what happened lately', () => {
  it('is newest first, in whatever order it comes', () => {
    const flow = takeIn(takeIn(EMPTY, [messageEntry({ seq: '5-0' }), messageEntry({ seq: '5-10' })]), [
      messageEntry({ seq: '5-9' }),
      messageEntry({ seq: '12-0' }),
    ]);
    expect(seqs(flow)).toEqual(['12-0', '5-10', '5-9', '5-0']);
  });

  it('counts an entry once, however often it comes', () => {
    const entry = messageEntry({ seq: '30000-0', state: 'accepted' });
    const once = takeIn(EMPTY, [entry]);
    expect(takeIn(once, [entry])).toBe(once);
    expect(once.bars.get(30_000)).toEqual({ accepted: 1, held: 0, not: 0, failed: 0 });
  });

  it('keeps the newest 500, and does not count removed ones again', () => {
    const many = Array.from({ length: 600 }, (_, index) => messageEntry({ seq: `${index + 1}-0`, state: 'accepted' }));
    const flow = takeIn(EMPTY, many);
    expect(flow.entries).toHaveLength(500);
    expect(flow.entries.at(-1)?.seq).toBe('101-0');
    expect(takeIn(flow, many.slice(0, 100))).toBe(flow);
    expect(flow.bars.get(0)?.accepted).toBe(600);
  });

  it('removes bars that are no longer visible', () => {
    const old = takeIn(EMPTY, [messageEntry({ seq: '0-1', state: 'accepted' })]);
    const flow = takeIn(old, [messageEntry({ seq: `${BARS * BAR_MS}-0`, state: 'failed' })]);
    expect([...flow.bars.keys()]).toEqual([BARS * BAR_MS]);
  });

  it('is drawn up to now, empty bars included', () => {
    const flow = takeIn(EMPTY, [
      messageEntry({ seq: `${38 * BAR_MS}-0`, state: 'deferred' }),
      messageEntry({ seq: `${39 * BAR_MS + 3}-0`, state: 'accepted' }),
    ]);
    const bars = lastBars(flow, 39 * BAR_MS + 10);
    expect(bars).toHaveLength(BARS);
    expect(bars.slice(-2).map(({ bar }) => [bar.accepted, bar.held])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(lastBars(flow, 40 * BAR_MS).at(-1)?.bar.accepted).toBe(0);
  });
});

describe('what the graph makes of an entry', () => {
  it.each([
    ['accepted', 'accepted'],
    ['deferred', 'held'],
    ['suppressed', 'not'],
    ['cancelled', 'not'],
    ['expired', 'failed'],
    ['failed', 'failed'],
    ['unknown', 'failed'],
    ['delivered', undefined],
    ['undelivered', undefined],
    ['queued', undefined],
  ] as const)('a message that is %s: %s', (state, fate) => {
    expect(fateOf(messageEntry({ state }))).toBe(fate);
  });

  it.each([
    ['routed', undefined],
    ['acknowledged', undefined],
    ['suppressed', 'not'],
    ['malformed', 'failed'],
  ] as const)('an alert that is %s: %s', (outcome, fate) => {
    expect(fateOf(alertEntry({ outcome }))).toBe(fate);
  });
});

describe('the order of entries', () => {
  it.each([
    ['2-0', '1-9', true],
    ['1-10', '1-9', true],
    ['1-9', '1-10', false],
    ['1-1', '1-1', false],
  ])('%s after %s: %s', (a, b, answer) => {
    expect(isAfter(a, b)).toBe(answer);
  });
});
