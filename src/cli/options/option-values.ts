import { InvalidArgumentError, Option } from 'commander';
import { parseSeverity, SEVERITIES, type Severity, type SeverityWords } from '../../alert/severity.ts';
import { UsageError } from '../cli-failure.ts';
import { useOneOf } from './suggestions.ts';

/** Builds an option with fixed values; for a mistyped value the error suggests the closest one. */
export function wordOption(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words).argParser((word: string) => {
    if (words.includes(word)) return word;
    throw new InvalidArgumentError(useOneOf(word, words));
  });
}

/** Builds `--severity`, default critical. @param note help for choosing a value */
export function severityOption(note: string): Option {
  return new Option('--severity <word>', `${SEVERITIES.join(', ')}; ${note}`).default('critical');
}

/** Converts the value of `--severity` with the severity words of the config. @throws {UsageError} for an unknown word */
export function severityOf(word: string, words: SeverityWords): Severity {
  const severity = parseSeverity(word, words);
  if (severity === undefined) throw new UsageError(`--severity ${word}: ${useOneOf(word, SEVERITIES)}`);
  return severity;
}

/** Builds `--limit`, the maximum number of rows in a list. */
export function limitOption(most: number): Option {
  return new Option('--limit <n>', 'maximum number of rows').default(most).argParser((text: string) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count;
    throw new InvalidArgumentError('Use a whole number from 1 to 100000.');
  });
}
