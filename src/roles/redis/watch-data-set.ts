import type { Logger } from '../../logger.ts';
import type { DataLossKind, DataMark, DataSet } from '../../redis/data-set.ts';
import { levelFor } from '../../redis/unavailable.ts';
import type { Cleanup } from '../role-context.ts';

export const CONFIRM_EVERY_MS = 10_000;

/** Consequences of a data loss; docs/runbook.md#smsredisdatalost explains the kinds. */
const HINT =
  'messages and alerts in progress may be lost, others may be sent again, and opt-outs may be missing: see docs/runbook.md#smsredisdatalost';

export interface DataSetWatch {
  /** Checks now, as after an outage of Redis. */
  look(): void;
}

export interface WatchDataSetDeps {
  readonly dataSet: Pick<DataSet, 'confirm'>;
  readonly logger: Logger;
  readonly onLoss: (kind: DataLossKind) => void;
  readonly everyMs?: number;
}

/**
 * Keeps the last mark that Redis confirmed, and reports once when Redis no longer has it. A failed check proves nothing: the
 * next one compares with the same mark.
 */
export function watchDataSet({ dataSet, logger, onLoss, everyMs = CONFIRM_EVERY_MS }: WatchDataSetDeps, cleanups: Cleanup[]): DataSetWatch {
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
      logger[levelFor(error, 'warn')]({ err: error }, 'failed to confirm the data set of Redis');
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
  cleanups.push(async () => {
    closed = true;
    clearInterval(repeating);
  });
  return { look };
}
