const S = 1_000;
const M = 60 * S;
const H = 60 * M;

/**
 * Between one try and the next, over three days:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
const WAITS_MS = [5 * S, 5 * M, 30 * M, 2 * H, 5 * H, 10 * H, 14 * H, 20 * H, 24 * H];
/** So that what failed together does not come back together. */
const JITTER = 0.1;
/** Whoever says `Retry-After: 0` is not asked without a pause. */
const SHORTEST_MS = 1 * S;

/**
 * When an event is told again; `undefined`: never.
 * @param tries made so far
 * @param random from 0 to 1
 */
export function nextTryAt(
  tries: number,
  { gone, retryAt }: { readonly gone: boolean; readonly retryAt?: Date | undefined },
  now: Date,
  random: number,
): Date | undefined {
  const waitMs = WAITS_MS[tries - 1];
  if (gone || waitMs === undefined) return undefined;
  const at = retryAt?.getTime() ?? now.getTime() + waitMs * (1 + JITTER * random);
  return new Date(Math.max(at, now.getTime() + SHORTEST_MS));
}
