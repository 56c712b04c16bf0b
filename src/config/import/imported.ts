import { LineCounter, parseAllDocuments, stringify } from 'yaml';
import { ConfigError } from '../fault.ts';
import { syntaxMessage } from '../yaml-syntax.ts';

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

/**
 * Documents that `---` parts are read as Spring reads them: a later one adds to those before it, and wins over them.
 * @throws {ConfigError} when the file is no YAML map
 */
export function readYamlMap(text: string, file: string): Settings {
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })];
  return documents.reduce<Settings>((merged, document) => {
    const [fault] = document.errors;
    if (fault !== undefined) {
      const { line, col: column } = lines.linePos(fault.pos[0]);
      throw new ConfigError([{ path: '', file, line, column, message: `is not YAML: ${syntaxMessage(fault)}` }]);
    }
    const read: unknown = document.toJS() ?? {};
    if (!isMap(read)) throw new ConfigError([{ path: '', file, message: 'is not a map of settings' }]);
    return merge(merged, read);
  }, {});
}

export type Settings = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Maps become one, whatever else there is twice is as the later says. */
export function merge(earlier: Settings, later: Settings): Settings {
  const both = Object.entries(later).map(([key, value]) => {
    const before = earlier[key];
    return [key, isMap(before) && isMap(value) ? merge(before, value) : value];
  });
  return { ...earlier, ...Object.fromEntries(both) };
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
