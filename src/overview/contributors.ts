import type { Contributor, CountedContribution } from '../limit/caps/contributions.ts';

/** Who sent and who was held back by a cap or a budget, within the last hour, most first. */
export interface Contributors {
  readonly accepted: readonly (Contributor & { readonly count: number })[];
  /** Once for each limit that held it back. */
  readonly heldBack: readonly (Contributor & { readonly reason: string; readonly count: number })[];
}

/** More are in the metrics. */
const SHOWN = 5;

/** @param counted most first */
export function topContributors(counted: readonly CountedContribution[]): Contributors {
  const of = (result: CountedContribution['result']) => counted.filter((one) => one.result === result).slice(0, SHOWN);
  return {
    accepted: of('accepted').map(({ source, route, contact, count }) => ({ source, route, contact, count })),
    heldBack: of('held_back').map(({ source, route, contact, reason, count }) => ({ source, route, contact, reason, count })),
  };
}
