/** Severities in rising order; the array order is the ranking. */
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Words that other alerting systems use, read on input only. */
export const SEVERITY_ALIASES: Readonly<Record<string, Severity>> = {
  emergency: 'critical',
  page: 'critical',
  warn: 'warning',
  good: 'info',
  ok: 'info',
  none: 'info',
};

/** `undefined` when the word is neither a severity nor an alias; upper and lower case are the same. */
export function parseSeverity(word: string): Severity | undefined {
  const lower = word.trim().toLowerCase();
  return (
    SEVERITIES.find((severity) => severity === lower) ?? (Object.hasOwn(SEVERITY_ALIASES, lower) ? SEVERITY_ALIASES[lower] : undefined)
  );
}

/** 0 for info up to 3 for critical. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severityRank(severity) >= severityRank(minimum);
}
