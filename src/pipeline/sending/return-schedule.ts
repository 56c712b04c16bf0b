/** Messages that come back in a second by themselves for one resting provider: enough to try it out, and no load. */
export const RETURNS_PER_SECOND = 20;

/**
 * When messages come back that wait for a resting provider. They take turns, so that their number decides over how long a
 * time they are spread: 40,000 that come back together would be in the way of all others, again and again. Criticals have
 * turns of their own. Each process has its own schedule.
 */
export interface ReturnSchedule {
  /** The first free turn at `until` or later. */
  turnAt(provider: string, urgent: boolean, until: Date): Date;
  /** The provider serves again: whatever waits next takes its turns from the start. */
  clear(provider: string, urgent: boolean): void;
}

export function createReturnSchedule(perSecond = RETURNS_PER_SECOND): ReturnSchedule {
  /** Provider and urgency → the turn that is free next, ms since the epoch. */
  const free = new Map<string, number>();
  const laneOf = (provider: string, urgent: boolean) => `${urgent ? 'urgent' : 'rest'} ${provider}`;
  return {
    turnAt(provider, urgent, until) {
      const lane = laneOf(provider, urgent);
      const at = Math.max(until.getTime(), free.get(lane) ?? 0);
      free.set(lane, at + 1000 / perSecond);
      return new Date(at);
    },
    clear: (provider, urgent) => void free.delete(laneOf(provider, urgent)),
  };
}
