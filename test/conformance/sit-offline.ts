import { expect, it } from 'vitest';
import type { Candidate } from './candidate.ts';
import { type Examiner, expectWithin, NOT_SENT, nextTurn, SHORT_MS, UNKNOWN } from './examiner.ts';

/** For an adapter without a network. */
export function sitOffline({ unanswered }: Candidate, { create, attempt, refused }: Examiner): void {
  it('accepts, with an id for each text', async () => {
    const provider = await create('http://127.0.0.1:9');
    const results = await Promise.all(Array.from({ length: 50 }, async () => (await attempt(provider)).result));
    const ids = results.map((result) => (result.kind === 'accepted' ? result.providerMessageId : result.error.reason));
    expect(new Set(ids).size).toBe(50);
    expect(results.every(({ kind }) => kind === 'accepted')).toBe(true);
  });

  it('does nothing when the signal is aborted already', async () => {
    const { error, elapsedMs } = await refused(await create('http://127.0.0.1:9'), unanswered, AbortSignal.abort());
    expect(error).toMatchObject({ ...NOT_SENT, code: 'ABORTED' });
    expectWithin(elapsedMs, 0);
  });

  it('settles at once when the signal aborts while it waits for an answer', async () => {
    const caller = new AbortController();
    const sending = refused(await create('http://127.0.0.1:9'), unanswered, caller.signal);
    await nextTurn();
    const abortedAt = performance.now();
    caller.abort();
    expect((await sending).error).toMatchObject({ ...UNKNOWN, code: 'ABORTED' });
    expectWithin(performance.now() - abortedAt, 0);
  });

  it('keeps its deadline', async () => {
    const { error, elapsedMs } = await refused(await create('http://127.0.0.1:9', SHORT_MS), unanswered);
    expect(error).toMatchObject({ ...UNKNOWN, code: 'TIMEOUT' });
    expectWithin(elapsedMs, SHORT_MS);
  });
}
