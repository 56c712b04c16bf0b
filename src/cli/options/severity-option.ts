import { Option } from 'commander';
import { parseSeverity, SEVERITIES, type Severity, type SeverityWords } from '../../alert/severity.ts';
import { UsageError } from '../cli-failure.ts';
import { useOneOf } from './no-such.ts';

/** `--severity`, critical unless said otherwise. @param note what a person should know when choosing */
export function severityOption(note: string): Option {
  return new Option('--severity <word>', `${SEVERITIES.join(', ')}; ${note}`).default('critical');
}

/** What the word of `--severity` means to this config. @throws {UsageError} when it means nothing */
export function severityOf(word: string, words: SeverityWords): Severity {
  const severity = parseSeverity(word, words);
  if (severity === undefined) throw new UsageError(`--severity ${word}: ${useOneOf(word, SEVERITIES)}`);
  return severity;
}
