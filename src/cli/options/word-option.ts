import { InvalidArgumentError, Option } from 'commander';
import { useOneOf } from './no-such.ts';

/** An option that takes one of these words; a slip of the finger is told which was meant. */
export function wordOption(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words).argParser((word: string) => {
    if (words.includes(word)) return word;
    throw new InvalidArgumentError(useOneOf(word, words));
  });
}
