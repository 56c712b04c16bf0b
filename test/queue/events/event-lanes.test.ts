import { describe, expect, it } from 'vitest';
import { createEventLanes, SHARE, type Turn } from '../../../src/queue/events/event-lanes.ts';
import { until } from '../../support/until.ts';

/** Ample for a busy machine to come from one line to the next. */
const SLOW_MS = 2_000;

const leave = (turn: Turn) => (turn.kind === 'now' ? turn.leave() : undefined);

describe('a webhook', () => {
  it('receives the events of a subject one at a time, the others in the order of arrival', async () => {
    const lanes = createEventLanes(() => new Date());
    const order: string[] = [];
    const deliver = async (what: string, subject: string) => {
      const turn = await lanes.enter('erp', subject);
      order.push(what);
      return turn;
    };
    const first = await deliver('first', 'm');
    const [second, third] = [deliver('second', 'm'), deliver('third', 'm')];
    leave(await deliver('another', 'n'));
    expect(order).toEqual(['first', 'another']);
    leave(first);
    leave(await second);
    leave(await third);
    expect(order).toEqual(['first', 'another', 'second', 'third']);
  });

  it('that answers has room for twice its share; what is more waits for it, and is put off when it turns out to be slow', async () => {
    const lanes = createEventLanes(() => new Date(), SLOW_MS);
    const turns = await Promise.all(Array.from({ length: 2 * SHARE }, (_, n) => lanes.enter('erp', `m-${n}`)));
    expect(turns.every(({ kind }) => kind === 'now')).toBe(true);
    const waiting = lanes.enter('erp', 'next');
    const other = await lanes.enter('other', 'm-0');
    expect(other.kind).toBe('now');
    leave(turns[0] as Turn);
    expect((await waiting).kind).toBe('now');

    const begun = Date.now();
    const late = await Promise.all(Array.from({ length: 50 }, (_, n) => lanes.enter('erp', `late-${n}`)));
    const comeBack = late.map((turn) => (turn.kind === 'later' ? turn.until.getTime() - begun : 0));
    expect(Math.min(...comeBack)).toBeGreaterThan(SLOW_MS);
    // As fast as its share can be told, and no faster.
    expect((comeBack.at(-1) ?? 0) - (comeBack[0] ?? 0)).toBeGreaterThan(4 * SLOW_MS);
    expect(comeBack).toEqual(comeBack.toSorted((a, b) => a - b));
  });

  it('that was slow keeps its share, and gets the rest back when it is quick again', async () => {
    const lanes = createEventLanes(() => new Date(), SLOW_MS);
    const slow = await lanes.enter('erp', 'slow');
    const now = performance.now();
    await until(() => performance.now() - now > SLOW_MS);
    leave(slow);
    const share = await Promise.all(Array.from({ length: SHARE }, (_, n) => lanes.enter('erp', `m-${n}`)));
    expect(share.every(({ kind }) => kind === 'now')).toBe(true);
    expect((await lanes.enter('erp', 'more')).kind).toBe('later');
    leave(share[0] as Turn);
    expect((await lanes.enter('erp', 'more')).kind).toBe('now');
    expect((await lanes.enter('erp', 'and more')).kind).toBe('now');
  });
});
