import { type Document, LineCounter, parseAllDocuments, stringify, visit } from 'yaml';
import { ConfigError } from '../fault.ts';
import { maskText } from '../printable.ts';
import { looksMisspelt } from '../source/placeholder.ts';
import { syntaxMessage, unfoldYaml } from '../source/unfold-yaml.ts';

/** Result of converting another system's config. */
export interface Imported {
  /** YAML without secrets: it reads them from the environment. */
  readonly yaml: string;
  /** What the user has to do or to know, one per line: secrets to set, and settings that were not carried over. */
  readonly notes: readonly string[];
}

/** Target of one foreign setting. */
export interface Carried {
  readonly ours: string;
  /** Environment variable that holds it from now on; absent: not secret, stays in the file. */
  readonly secretAs?: string;
  /** Format of the value, where known: anything else may be a secret that a broken line has merged into it. */
  readonly form?: RegExp;
}

/** Key table of the AWS providers. */
export const REGION = /^[a-z]{2}(?:-[a-z]{2,10}){1,3}-\d{1,2}$/;

export interface Provided {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/**
 * Parses the documents that `---` separates, one map each. Values that look like numbers stay as written: `0140` is an id,
 * and `+15005550006` a phone number.
 * @throws {ConfigError} when the file is not a YAML map
 */
export function readYamlMaps(text: string, file: string): Settings[] {
  const lines = new LineCounter();
  const documents: Document[] = [...parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })];
  const refuse = (offset: number, message: string): never => {
    const { line, col: column } = lines.linePos(offset);
    throw new ConfigError([{ path: '', file, line, column, message }]);
  };
  return documents.map((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) refuse(fault.pos[0], `is not valid YAML: ${syntaxMessage(fault)}`);
    const folded = unfoldYaml(document);
    if (folded !== undefined) refuse(folded.offset, folded.message);
    visit(document, {
      Scalar(_key, node) {
        if (typeof node.value === 'number' || typeof node.value === 'bigint') node.value = node.source ?? String(node.value);
      },
    });
    const read: unknown = document.toJS() ?? {};
    if (!isMap(read)) throw new ConfigError([{ path: '', file, message: 'is not a map of settings' }]);
    return read;
  });
}

export type Settings = Readonly<Record<string, unknown>>;

export function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Merges maps recursively; other values of the later document win. */
export function merge(earlier: Settings, later: Settings): Settings {
  const both = Object.entries(later).map(([key, value]) => {
    const before = earlier[key];
    return [key, isMap(before) && isMap(value) ? merge(before, value) : value];
  });
  return { ...earlier, ...Object.fromEntries(both) };
}

/** A foreign value: an environment variable, text composed with variables, or a literal. */
export type Written =
  | { readonly kind: 'variable'; readonly name: string; readonly fallback?: string | undefined }
  | { readonly kind: 'composed' }
  | { readonly kind: 'literal' };

/** Recognizes variables in a value; `isSecret`: the value may be a secret that starts with a dollar. */
export type ReadValue = (value: string, isSecret: boolean) => Written;

const LONGEST_NAME = 40;

/**
 * Formats a name from the file for a note. A broken line may have merged a secret into it: a name with another format, or
 * one that continues one of the `known` names, is not shown.
 */
export function shownName(written: string, known: Iterable<string> = []): string {
  const goesOn = [...known].some((name) => written !== name && written.startsWith(name));
  return hasFormOfName(written) && !goesOn ? maskText(written) : `(a name of ${written.length} characters)`;
}

export function hasFormOfName(written: string): boolean {
  return /^[\p{L}\d_ .-]*$/u.test(written) && written.length <= LONGEST_NAME;
}

/** Carries over the settings of one provider; keys that the table lacks are noted. `place`: their path, safe to print. */
export function carry(
  settings: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, Carried>>,
  { place, notes, read }: { readonly place: string; readonly notes: string[]; readonly read: ReadValue },
): Record<string, unknown> {
  const carried: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const entry = Object.hasOwn(table, key) ? table[key] : undefined;
    if (entry === undefined && value === null) {
      // After a missing colon, the name contains the value.
      notes.push(`not carried over: an entry without a value in ${place}`);
      continue;
    }
    const at = `${place}.${entry === undefined ? shownName(key, Object.keys(table)) : key}`;
    if (entry === undefined || typeof value === 'object') {
      if (value !== null) notes.push(`not carried over: ${at}`);
      continue;
    }
    if (value === '' || value === undefined) continue;
    const { ours, secretAs, form } = entry;
    const text = String(value);
    const written = read(text, secretAs !== undefined);
    if (written.kind === 'variable') {
      const { name, fallback = '' } = written;
      carried[ours] = `\${${name}${secretAs === undefined && fallback !== '' ? `:-${fallback}` : ''}}`;
      if (secretAs !== undefined && fallback !== '')
        notes.push(`set ${name} in the environment: the default of ${at} may be a secret and is not carried over`);
    } else if (secretAs !== undefined) {
      carried[ours] = `\${${secretAs}}`;
      notes.push(`set ${secretAs} in the environment to the value of ${at}`);
    } else if (written.kind === 'composed' || looksMisspelt(text)) {
      notes.push(`not carried over: ${at}, which is composed of variables: set providers.*.${ours}`);
    } else if (form?.test(text) === false) {
      notes.push(`not carried over: ${at}, whose value has another format than providers.*.${ours}: set that yourself`);
    } else carried[ours] = text;
  }
  return carried;
}

/** @param active names of providers in the order of the route */
export function toYaml(from: string, provided: readonly Provided[], active: readonly string[]): string {
  const file = {
    providers: Object.fromEntries(provided.map(({ name, settings }) => [name, settings])),
    routes: [{ name: 'default', minSeverity: 'info', providers: active }],
  };
  return `# From ${from}. Review it, then run: sms-dispatch config check\n${stringify(file, { lineWidth: 0 })}`;
}
