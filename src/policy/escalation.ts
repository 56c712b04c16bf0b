/** One step of a ladder: who is told when nobody has taken care by then. */
export interface Step {
  /** Since the alert was taken; the first step that is due at 0 is taken at once. */
  readonly afterMs: number;
  /** Names of the config's `channels`. */
  readonly channels: readonly string[];
  /** Texts the alert's recipients. */
  readonly sms: boolean;
}

/** Steps in the order of their time. A route without one texts at once, and that is all. */
export type Ladder = readonly Step[];

/** When the recipients are texted, after the alert was taken; `undefined`: no step of the ladder texts them. */
export function textsAfterMs(ladder: Ladder | undefined): number | undefined {
  return ladder === undefined ? 0 : ladder.find(({ sms }) => sms)?.afterMs;
}

/** A step in words, such as `after 10m: ops-mail, sms`. */
export function describeStep({ afterMs, channels, sms }: Step): string {
  return `${afterMs === 0 ? 'at once' : `after ${describeMs(afterMs)}`}: ${[...channels, ...(sms ? ['sms'] : [])].join(', ')}`;
}

function describeMs(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
