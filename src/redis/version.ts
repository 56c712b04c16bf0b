/** The oldest supported version: BullMQ and our scripts need it. Every Valkey is newer. */
export const MIN_VERSION = '6.2';

/** True for `7.0.15`, false for `6.0.16` and for text that is not a version. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = parse(version);
  const [minMajor = 0, minMinor = 0] = parse(MIN_VERSION);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}

function parse(version: string): number[] {
  return /^\d+(\.\d+)*/.exec(version)?.[0].split('.').map(Number) ?? [];
}
