/** One step of an escalation ladder: the channels and recipients that are notified if the alert is still open by then. */
export interface Step {
  /** Delay from the moment the alert was accepted. A first step with 0 runs immediately. */
  readonly afterMs: number;
  /** Names of the config's `channels`. */
  readonly channels: readonly string[];
  /** Also sends an SMS to the alert's recipients. */
  readonly sms: boolean;
}

/** Steps in ascending order of `afterMs`. A route without a ladder sends one SMS immediately and never escalates. */
export type Ladder = readonly Step[];

/** Returns the delay until the recipients get an SMS; `undefined` when no step of the ladder sends one. */
export function textsAfterMs(ladder: Ladder | undefined): number | undefined {
  return ladder === undefined ? 0 : ladder.find(({ sms }) => sms)?.afterMs;
}

/** Formats a step for people, for example `after 10m: ops-mail, sms`. */
export function describeStep({ afterMs, channels, sms }: Step): string {
  return `${afterMs === 0 ? 'immediately' : `after ${describeMs(afterMs)}`}: ${[...channels, ...(sms ? ['sms'] : [])].join(', ')}`;
}

function describeMs(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
