/** Severities in rising order; the array order is the ranking. */
export const SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Word, folded by {@link foldSeverityWord} → what it means. */
export type SeverityWords = ReadonlyMap<string, Severity>;

/**
 * Words that other alerting systems use, read on input only: Alertmanager, Grafana, Zabbix, HertzBeat, PagerDuty, Opsgenie,
 * and the names and numbers of syslog (RFC 5424, section 6.2.1).
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

/** The one table of severity words that all doors read. */
export const SEVERITY_WORDS: SeverityWords = severityTable({});

/** The table with more words, which win over aliases. A severity itself always means itself. */
export function severityTable(more: Readonly<Record<string, Severity>>): SeverityWords {
  return new Map([
    ...Object.entries(SEVERITY_ALIASES),
    ...Object.entries(more).map(([word, severity]) => [foldSeverityWord(word), severity] as const),
    ...SEVERITIES.map((severity) => [severity, severity] as const),
  ]);
}

/** Upper and lower case are the same, and so are `sev 1`, `SEV-1` and `sev_1`. */
export function foldSeverityWord(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/(?<=[\p{L}\p{N}])[\s_-]+(?=[\p{L}\p{N}])/gu, '');
}

/** `undefined` when the word is neither a severity nor an alias of one. */
export function parseSeverity(word: string, words: SeverityWords = SEVERITY_WORDS): Severity | undefined {
  return words.get(foldSeverityWord(word));
}

/** `critical (crit, emergency, …), error (…), …`: every word of the table, for a message or a page of docs. */
export function listSeverityWords(words: SeverityWords = SEVERITY_WORDS): string {
  const aliases = (severity: Severity) =>
    [...words].filter(([word, meaning]) => meaning === severity && word !== severity).map(([word]) => word);
  return SEVERITIES.toReversed()
    .map((severity) => `${severity} (${aliases(severity).join(', ')})`)
    .join(', ');
}

/** 0 for info up to 3 for critical. */
export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function isAtLeast(severity: Severity, minimum: Severity): boolean {
  return severityRank(severity) >= severityRank(minimum);
}
