import { type AlertHistory, isInFlight } from '../../src/ledger/history/history.ts';
import { call } from '../support/system.ts';
import { until } from '../support/until.ts';

const AT_ONCE = 32;

/** The traces once all of them have come to their ends; those that have not by the deadline are given as they are. */
export async function settledHistories(
  door: string,
  ids: readonly string[],
  mayWaitFor: readonly string[],
  deadlineMs: number,
): Promise<ReadonlyMap<string, AlertHistory>> {
  const histories = new Map<string, AlertHistory>();
  const isOver = (id: string) => {
    const trace = histories.get(id);
    if (trace === undefined || trace.outcome === 'pending') return false;
    return trace.messages.every(({ state, reason }) => !isInFlight(state) || (state === 'deferred' && mayWaitFor.includes(reason ?? '')));
  };
  let open = [...ids];
  const look = async () => {
    for (let from = 0; from < open.length; from += AT_ONCE) {
      await Promise.all(
        open.slice(from, from + AT_ONCE).map(async (id) => {
          const { status, body } = await call<AlertHistory>(`${door}/v1/alerts/${id}`);
          if (status === 200) histories.set(id, body);
        }),
      );
    }
    open = open.filter((id) => !isOver(id));
    return open.length === 0;
  };
  // What is still open then is the history's to judge.
  await until(look, deadlineMs, 250).catch(() => undefined);
  return histories;
}
