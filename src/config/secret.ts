import { inspect } from 'node:util';
import { z } from 'zod';

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

const MISSING = `a secret is missing here: set it, best as \${NAME} from the environment or \${file:/run/secrets/name}`;

/** A secret in the config: never empty, wrapped at once. */
export const secretSchema = z
  .string({ error: MISSING })
  .min(1, MISSING)
  .transform((value) => new Secret(value));
