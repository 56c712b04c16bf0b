import { parse, stringify } from 'yaml';
import { ConfigError } from '../fault.ts';

/** Another system's config as one of ours. */
export interface Imported {
  /** YAML. Secrets are not in it: it asks the environment for them. */
  readonly yaml: string;
  /** What a person still has to do or to know, line by line: secrets to set, and all that was not carried over. */
  readonly notes: readonly string[];
}

/** One setting of theirs: where it goes here. */
export interface Carried {
  readonly ours: string;
  /** Of the environment variable that holds it from now on; absent: no secret, it stays in the file. */
  readonly secretAs?: string;
}

export interface Provided {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/** @throws {ConfigError} when the file is no YAML map */
export function readYamlMap(text: string, file: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = parse(text);
  } catch (error) {
    throw new ConfigError([{ path: '', file, message: `is not YAML: ${(error as Error).message.split('\n')[0]}` }]);
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) {
    throw new ConfigError([{ path: '', file, message: 'is not a map of settings' }]);
  }
  return read as Record<string, unknown>;
}

/** Carries the settings of one provider; what the table does not hold is noted. `place` is where they stood. */
export function carry(
  settings: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, Carried>>,
  place: string,
  notes: string[],
): Record<string, unknown> {
  const carried: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const entry = table[key];
    if (entry === undefined) {
      notes.push(`not carried over: ${place}.${key}`);
      continue;
    }
    if (value === '' || value === null || value === undefined) continue;
    const variable = variableOf(value);
    if (variable !== undefined) carried[entry.ours] = `\${${variable}}`;
    else if (entry.secretAs === undefined) carried[entry.ours] = typeof value === 'number' ? String(value) : value;
    else {
      carried[entry.ours] = `\${${entry.secretAs}}`;
      notes.push(`set ${entry.secretAs} in the environment to what ${place}.${key} was`);
    }
  }
  return carried;
}

/** `${NAME}`, `${NAME:default}` and `$NAME` name a variable of the environment already. */
function variableOf(value: unknown): string | undefined {
  return typeof value === 'string' ? /^\$\{?([A-Za-z_][A-Za-z0-9_]*)(?::[^}]*)?\}?$/.exec(value)?.[1] : undefined;
}

/** @param active names of providers in the order of the route */
export function toYaml(from: string, provided: readonly Provided[], active: readonly string[]): string {
  const file = {
    providers: Object.fromEntries(provided.map(({ name, settings }) => [name, settings])),
    routes: [{ name: 'default', minSeverity: 'info', providers: active }],
  };
  return `# From ${from}. Look it through, then: sms-dispatch config check\n${stringify(file, { lineWidth: 0 })}`;
}
