import { InvalidArgumentError, Option } from 'commander';
import { parseSeverity, SEVERITIES, type Severity, type SeverityWords } from '../../alert/severity.ts';
import { UsageError } from '../cli-failure.ts';
import { useOneOf } from './suggestions.ts';

/** An option that takes one of these words; a slip of the finger is told which was meant. */
export function wordOption(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words).argParser((word: string) => {
    if (words.includes(word)) return word;
    throw new InvalidArgumentError(useOneOf(word, words));
  });
}

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

/** `--limit`: how many rows a list shows at most. */
export function limitOption(most: number): Option {
  return new Option('--limit <n>', 'how many at most').default(most).argParser((text: string) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count;
    throw new InvalidArgumentError('A whole number from 1 to 100000.');
  });
}
