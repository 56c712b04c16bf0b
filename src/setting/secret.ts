import { inspect } from 'node:util';
import { z } from 'zod';
import { faultOfEdges, withoutLineEnd } from './secret-edges.ts';

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
