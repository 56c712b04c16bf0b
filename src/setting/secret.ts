import { inspect } from 'node:util';
import { z } from 'zod';

const QUOTES = ['""', "''", '``', '“”', '‘’'];

/** Without the one line end that editors, `echo` and YAML's `|` put behind a value. */
export function withoutLineEnd(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/(?:\r?\n|\r)$/, '');
}

/**
 * What surrounds a secret that came out of a file or the environment and is hardly a part of it, as the end of a sentence
 * about it; `undefined` for none. Never quotes it.
 */
export function faultOfEdges(text: string): string | undefined {
  if (/[\r\n]/.test(text.trim())) return `holds ${text.split(/\r\n|\r|\n/).length} lines: only one can be sent`;
  const ends = [/^[\s\p{Cf}]/u.test(text) ? 'begins' : '', /[\s\p{Cf}]$/u.test(text) ? 'ends' : ''].filter((end) => end !== '');
  if (ends.length > 0) return `${ends.join(' and ')} with ${/[\r\n]/.test(text) ? 'a line break' : 'a blank'}`;
  const isQuoted = text.length >= 2 && QUOTES.includes(`${text.charAt(0)}${text.slice(-1)}`);
  return isQuoted ? `stands in quotes, ${text.length} characters with them` : undefined;
}

/** A value that cannot be printed by accident: every way of turning it into text gives a placeholder. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The one way out; call it where the value goes on the wire. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** Schemas whose values are never printed, under whatever key they stand. */
const marked = z.registry<{ readonly secret: true }>();

/** Marks a schema whose values are secret; what is made of it by `refine`, `optional` and the like stays marked. */
export function markSecret<T extends z.ZodType>(schema: T): T {
  marked.add(schema, { secret: true } as never);
  return schema;
}

export function isMarkedSecret(schema: z.core.$ZodType): boolean {
  return marked.get(schema as z.ZodType)?.secret === true;
}

const MISSING = `a secret is missing here: set it, best as \${NAME} from the environment or \${file:/run/secrets/name}`;

/** A secret in the config: never empty, nothing around it that is no part of it, wrapped before anything else sees it. */
export const secretSchema = markSecret(
  z
    .string({ error: MISSING })
    .min(1, MISSING)
    .transform(withoutLineEnd)
    .superRefine((value, ctx) => {
      const message = faultOfEdges(value);
      if (message !== undefined) ctx.addIssue({ code: 'custom', message, params: { hint: 'write it without' } });
    })
    .transform((value) => new Secret(value)),
);
