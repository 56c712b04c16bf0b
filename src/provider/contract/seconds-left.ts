/** How long a vendor may keep trying, within the bounds that it sets: no alert arrives long after it stopped to matter. */
export function secondsLeft(expiresAt: Date, now: Date, min: number, max: number): number {
  const seconds = Math.floor((expiresAt.getTime() - now.getTime()) / 1000);
  return Math.min(Math.max(seconds, min), max);
}
