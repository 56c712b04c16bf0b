/** `95%`, rounded down: 100% is said of what is full only. */
export function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)}%`;
}
