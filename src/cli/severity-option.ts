import { InvalidArgumentError, Option } from 'commander';
import { parseSeverity, SEVERITIES, type Severity } from '../alert/severity.ts';
import { useOneOf } from './no-such.ts';

/** `--severity`, critical unless said otherwise. @param note what a person should know when choosing */
export function severityOption(note: string): Option {
  return new Option('--severity <word>', `${SEVERITIES.join(', ')}; ${note}`).default('critical').argParser(readSeverity);
}

function readSeverity(word: string): Severity {
  const severity = parseSeverity(word);
  if (severity === undefined) throw new InvalidArgumentError(useOneOf(word, SEVERITIES));
  return severity;
}
