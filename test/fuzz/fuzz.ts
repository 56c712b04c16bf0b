import { createRandom, type Random } from '../chaos/random.ts';
import { PHONE } from './mutate.ts';

export interface FuzzOptions {
  readonly count: number;
  readonly seed: number;
  readonly onProgress?: (tried: number) => void;
  /** Takes what must be done in the end. */
  readonly onEnd: (end: () => Promise<void>) => void;
}

export interface FuzzResult {
  readonly tried: number;
  /** How many inputs ended in which way. */
  readonly ends: Readonly<Record<string, number>>;
  /** What was not as promised, each with the number of its input. */
  readonly broken: readonly string[];
}

export type Fuzz = (options: FuzzOptions) => Promise<FuzzResult>;

/** Counts the ends of inputs and collects what they broke. */
export function createRecord() {
  const ends: Record<string, number> = {};
  const broken: string[] = [];
  return {
    ends,
    broken,
    ended: (how: string) => {
      ends[how] = (ends[how] ?? 0) + 1;
    },
    breaks: (input: number | string, ...complaints: readonly string[]) => {
      for (const complaint of complaints) broken.push(`input ${input}: ${complaint}`);
    },
  };
}

/** Numbers of its own for each input: one can be tried again alone, and the order in which they are tried is free. */
export function randomOf(seed: number, input: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca6b));
}

const STACK = /\n\s+at .+:\d+:\d+|\bat \S+ \(.+:\d+:\d+\)|node_modules\/|\(node:internal/;

/** Words of a validator, a parser or an engine. */
const RAW_WORDS =
  /Invalid (?:input|option|key|element)|Too (?:small|big):|expected (?:string|number|object|record|array|boolean), |Unrecognized key|Cannot read propert|is not a function|is not iterable|Unexpected token|\bundefined\b|(?<!\/)\bNaN\b|\[object /;

/** Why a text must not be shown to a caller, an operator or a log. */
export function leaksIn(text: string, secrets: readonly string[] = []): string[] {
  const leaks: string[] = [];
  const stack = STACK.exec(text);
  if (stack !== null) leaks.push(`a stack trace: ${JSON.stringify(text.slice(Math.max(0, stack.index - 200), stack.index + 200))}`);
  const digits = PHONE.slice(1);
  const at = text.indexOf(digits);
  if (at >= 0) leaks.push(`a whole phone number: ${JSON.stringify(text.slice(Math.max(0, at - 150), at + 30))}`);
  for (const secret of secrets) {
    const found = text.indexOf(secret);
    if (found >= 0) leaks.push(`the secret ${secret}: ${JSON.stringify(text.slice(Math.max(0, found - 150), found + 40))}`);
  }
  return leaks;
}

/** Why a message is not in the words of this project; what it quotes is the caller's. */
export function rawWordsIn(message: string): string[] {
  const ours = message.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const raw = RAW_WORDS.exec(ours);
  return raw === null ? [] : [`raw words ${JSON.stringify(raw[0])} in ${JSON.stringify(message.slice(0, 300))}`];
}
