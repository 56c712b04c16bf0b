/** Severities in rising order; the array order is the ranking. */
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Severity word, normalised by {@link foldSeverityWord}, → severity. */
export type SeverityWords = ReadonlyMap<string, Severity>;

/**
 * Words of other alerting systems, accepted on input only: Alertmanager, Grafana, Zabbix, HertzBeat, PagerDuty,
 * Opsgenie, and the names and numbers of syslog (RFC 5424, section 6.2.1).
 */
const ALIASES: Readonly<Record<Severity, readonly string[]>> = {
  critical: [
    'crit',
    'emergency',
    'emerg',
    'alert',
    'page',
    'fatal',
    'disaster',
    'urgent',
    'panic',
    'p0',
    'p1',
    'sev0',
    'sev1',
    '0',
    '1',
    '2',
  ],
  error: ['err', 'major', 'high', 'severe', 'p2', 'sev2', '3'],
  warning: ['warn', 'average', 'minor', 'medium', 'moderate', 'p3', 'sev3', '4'],
  info: [
    ...['informational', 'information', 'low', 'notice', 'debug', 'trace', 'verbose', 'good', 'ok', 'normal', 'none', 'notclassified'],
    ...['p4', 'p5', 'sev4', 'sev5', '5', '6', '7'],
  ],
};

/** Alias → severity. */
export const SEVERITY_ALIASES: Readonly<Record<string, Severity>> = Object.fromEntries(
  SEVERITIES.toReversed().flatMap((severity) => ALIASES[severity].map((word) => [word, severity] as const)),
);

/** Default table of severity words, shared by all producer interfaces. */
export const SEVERITY_WORDS: SeverityWords = severityTable({});

/** Returns the table with additional words, which override aliases. The name of a severity always means itself. */
export function severityTable(more: Readonly<Record<string, Severity>>): SeverityWords {
  return new Map([
    ...Object.entries(SEVERITY_ALIASES),
    ...Object.entries(more).map(([word, severity]) => [foldSeverityWord(word), severity] as const),
    ...SEVERITIES.map((severity) => [severity, severity] as const),
  ]);
}

/** Normalises a word: ignores case, and treats `sev 1`, `SEV-1` and `sev_1` alike. */
export function foldSeverityWord(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/(?<=[\p{L}\p{N}])[\s_-]+(?=[\p{L}\p{N}])/gu, '');
}

/** Returns `undefined` when the word is neither a severity nor an alias of one. */
export function parseSeverity(word: string, words: SeverityWords = SEVERITY_WORDS): Severity | undefined {
  return words.get(foldSeverityWord(word));
}

/** Lists every word of the table for error messages and docs: `critical (crit, emergency, …), error (…), …`. */
export function listSeverityWords(words: SeverityWords = SEVERITY_WORDS): string {
  const aliases = (severity: Severity) =>
    [...words].filter(([word, meaning]) => meaning === severity && word !== severity).map(([word]) => word);
  return SEVERITIES.toReversed()
    .map((severity) => `${severity} (${aliases(severity).join(', ')})`)
    .join(', ');
}

/** Rank from 0 for info to 3 for critical. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severityRank(severity) >= severityRank(minimum);
}
