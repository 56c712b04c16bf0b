import { inspect } from 'node:util';
import { z } from 'zod';

const QUOTES = ['""', "''", '``', '“”', '‘’'];

/** Removes the single line ending that editors, `echo` and YAML's `|` append to a value. */
export function withoutLineEnd(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/(?:\r?\n|\r)$/, '');
}

/**
 * Describes line breaks, whitespace or quotes around a secret that most likely do not belong to it; `undefined` when
 * there are none. The text completes a sentence ("the secret …") and never quotes the value.
 */
export function faultOfEdges(text: string): string | undefined {
  if (/[\r\n]/.test(text.trim())) return `holds ${text.split(/\r\n|\r|\n/).length} lines: only one can be sent`;
  const ends = [/^[\s\p{Cf}]/u.test(text) ? 'begins' : '', /[\s\p{Cf}]$/u.test(text) ? 'ends' : ''].filter((end) => end !== '');
  if (ends.length > 0) return `${ends.join(' and ')} with ${/[\r\n]/.test(text) ? 'a line break' : 'whitespace'}`;
  const isQuoted = text.length >= 2 && QUOTES.includes(`${text.charAt(0)}${text.slice(-1)}`);
  return isQuoted ? `is enclosed in quotes, ${text.length} characters including them` : undefined;
}

/** A value that cannot be printed by accident: every conversion to text gives a placeholder. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value. Call it only where the value is put on the wire. */
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

/** Schemas whose values are never printed, under any key. */
const marked = z.registry<{ readonly secret: true }>();

/** Marks a schema whose values are secret. Schemas derived by `refine`, `optional` and the like stay marked. */
export function markSecret<T extends z.ZodType>(schema: T): T {
  marked.add(schema, { secret: true } as never);
  return schema;
}

export function isMarkedSecret(schema: z.core.$ZodType): boolean {
  return marked.get(schema as z.ZodType)?.secret === true;
}

const MISSING = `secret is missing: set it, preferably as \${NAME} from the environment or \${file:/run/secrets/name}`;

/**
 * Schema of a secret in the config: not empty, without surrounding whitespace or quotes, wrapped in {@link Secret}
 * before other code sees it.
 */
export const secretSchema = markSecret(
  z
    .string({ error: MISSING })
    .min(1, MISSING)
    .transform(withoutLineEnd)
    .superRefine((value, ctx) => {
      const message = faultOfEdges(value);
      if (message !== undefined) ctx.addIssue({ code: 'custom', message, params: { hint: 'remove them' } });
    })
    .transform((value) => new Secret(value)),
);
