import type { Issue } from '../../alert/parse-alert.ts';
import type { EnqueueResult } from '../../queue/producer/producer-port.ts';

export interface AcceptedAlert {
  /** Position in the call, from 0. */
  readonly index: number;
  readonly id: string;
  readonly duplicate: boolean;
}

export interface RejectedAlert {
  readonly index: number;
  readonly errors: readonly Issue[];
}

/** One verdict an alert of the call. */
export interface Verdicts {
  readonly accepted: readonly AcceptedAlert[];
  readonly rejected: readonly RejectedAlert[];
}

/** `indexes[i]` is the position in the call of what `results[i]` speaks about; without it, that is `i` itself. */
export function toVerdicts(results: readonly EnqueueResult[], indexes: readonly number[] = [...results.keys()]): Verdicts {
  const accepted: AcceptedAlert[] = [];
  const rejected: RejectedAlert[] = [];
  for (const [i, result] of results.entries()) {
    const index = indexes[i] as number;
    if (result.ok) accepted.push({ index, id: result.id, duplicate: result.duplicate });
    else rejected.push({ index, errors: result.issues });
  }
  return { accepted, rejected };
}

/** The first fault in a few words. */
export function summarise({ rejected }: Verdicts): string {
  const [first] = rejected;
  const error = first?.errors[0];
  if (first === undefined || error === undefined) return 'See rejected.';
  const where = rejected.length === 1 && first.index === 0 ? '' : `Alert ${first.index}: `;
  return `${where}${error.path === '' ? '' : `${error.path}: `}${error.message}`;
}
