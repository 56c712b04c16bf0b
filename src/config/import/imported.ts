import { type Document, LineCounter, parseAllDocuments, stringify, visit } from 'yaml';
import { ConfigError } from '../fault.ts';
import { maskText } from '../printable.ts';
import { looksMisspelt } from '../source/placeholder.ts';
import { syntaxMessage, unfoldYaml } from '../source/unfold-yaml.ts';

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
  /** What a value looks like, of the keys for which that is known: anything else may be a secret that a broken line has merged into it. */
  readonly form?: RegExp;
}

/** Of AWS. */
export const REGION = /^[a-z]{2}(?:-[a-z]{2,10}){1,3}-\d{1,2}$/;

export interface Provided {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/**
 * The documents that `---` parts, one map each. What looks like a number stays as it is written: `0140` is an id, and
 * `+15005550006` a phone number.
 * @throws {ConfigError} when the file is no YAML map
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
    if (fault !== undefined) refuse(fault.pos[0], `is not YAML: ${syntaxMessage(fault)}`);
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

/** Maps become one, whatever else there is twice is as the later says. */
export function merge(earlier: Settings, later: Settings): Settings {
  const both = Object.entries(later).map(([key, value]) => {
    const before = earlier[key];
    return [key, isMap(before) && isMap(value) ? merge(before, value) : value];
  });
  return { ...earlier, ...Object.fromEntries(both) };
}

/** A value of theirs: a variable of the environment, a text put together with the help of some, or what it says. */
export type Written =
  | { readonly kind: 'variable'; readonly name: string; readonly fallback?: string | undefined }
  | { readonly kind: 'composed' }
  | { readonly kind: 'literal' };

/** How a system marks variables; `isSecret`: of a value that may be a secret which begins with a dollar. */
export type ReadValue = (value: string, isSecret: boolean) => Written;

const LONGEST_NAME = 40;

/**
 * A name that the file chose, as a note shows it. A broken line may have merged a secret into it: one that is not formed like
 * a name, or that begins with one of the `known` names and goes on, is not shown.
 */
export function shownName(written: string, known: Iterable<string> = []): string {
  const goesOn = [...known].some((name) => written !== name && written.startsWith(name));
  return hasFormOfName(written) && !goesOn ? maskText(written) : `(a name of ${written.length} characters)`;
}

export function hasFormOfName(written: string): boolean {
  return /^[\p{L}\d_ .-]*$/u.test(written) && written.length <= LONGEST_NAME;
}

/** Carries the settings of one provider; what the table does not hold is noted. `place` is where they stood, fit to print. */
export function carry(
  settings: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, Carried>>,
  { place, notes, read }: { readonly place: string; readonly notes: string[]; readonly read: ReadValue },
): Record<string, unknown> {
  const carried: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    const entry = Object.hasOwn(table, key) ? table[key] : undefined;
    if (entry === undefined && value === null) {
      // What a missing colon leaves: the name holds the value too.
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
        notes.push(`set ${name} in the environment: the default of ${at} may be a secret, and is not carried over`);
    } else if (secretAs !== undefined) {
      carried[ours] = `\${${secretAs}}`;
      notes.push(`set ${secretAs} in the environment to what ${at} was`);
    } else if (written.kind === 'composed' || looksMisspelt(text)) {
      notes.push(`not carried over: ${at}, which is put together from variables: write providers.*.${ours} out`);
    } else if (form?.test(text) === false) {
      notes.push(`not carried over: ${at}, whose value has another form than providers.*.${ours}: write that out`);
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
  return `# From ${from}. Look it through, then: sms-dispatch config check\n${stringify(file, { lineWidth: 0 })}`;
}
