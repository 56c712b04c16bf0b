import type { Logger } from '../logger.ts';
import type { DataLossKind, DataMark, DataSet } from '../redis/data-set.ts';
import { levelFor } from '../redis/unavailable.ts';
import type { Closer } from './ground.ts';

export const CONFIRM_EVERY_MS = 10_000;

/** For the person who reads the line; the kinds are explained in docs/runbook.md#smsredisdatalost. */
const HINT =
  'messages and alerts that were on their way may be lost, others may be sent again, and opt-outs may be missing: see docs/runbook.md#smsredisdatalost';

export interface DataSetWatch {
  /** Looks now, as after an outage of Redis. */
  look(): void;
}

export interface WatchDataSetDeps {
  readonly dataSet: Pick<DataSet, 'confirm'>;
  readonly logger: Logger;
  readonly onLoss: (kind: DataLossKind) => void;
  readonly everyMs?: number;
}

/**
 * Remembers what Redis last confirmed, and reports once when it does not hold that any more. A look that fails proves nothing:
 * the next one compares with the same mark.
 */
export function watchDataSet({ dataSet, logger, onLoss, everyMs = CONFIRM_EVERY_MS }: WatchDataSetDeps, closers: Closer[]): DataSetWatch {
  let mark: DataMark | undefined;
  let looking: Promise<void> | undefined;
  let closed = false;

  const confirm = async (): Promise<void> => {
    try {
      const { mark: next, loss } = await dataSet.confirm(mark);
      const before = mark;
      mark = next;
      if (loss === undefined) return;
      onLoss(loss);
      logger.error({ kind: loss, confirmed: before?.count, hint: HINT }, 'Redis lost data that it had confirmed');
    } catch (error) {
      logger[levelFor(error, 'warn')]({ err: error }, 'data set of Redis not confirmed');
    }
  };
  const look = (): void => {
    if (closed) return;
    if (looking !== undefined) return;
    looking = confirm().finally(() => {
      looking = undefined;
    });
  };
  look();
  const repeating = setInterval(look, everyMs);
  repeating.unref();
  closers.push(async () => {
    closed = true;
    clearInterval(repeating);
  });
  return { look };
}
