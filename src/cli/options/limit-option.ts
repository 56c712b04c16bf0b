import { InvalidArgumentError, Option } from 'commander';

/** `--limit`: how many rows a list shows at most. */
export function limitOption(most: number): Option {
  return new Option('--limit <n>', 'how many at most').default(most).argParser((text: string) => {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count;
    throw new InvalidArgumentError('A whole number from 1 to 100000.');
  });
}
