import { dirname, isAbsolute, join } from 'node:path';
import type { Environment } from '../../setting/environment.ts';
import { validate } from '../check/validate.ts';
import { ConfigError, type Fault } from '../fault.ts';
import { type ConfigFinding, toFault } from '../finding.ts';
import { configSchema, type ParsedConfig } from '../schema/schema.ts';
import { openSource } from './open-source.ts';
import { list, record, type Section } from './raw-file.ts';
import { type OnRead, readText } from './read-text.ts';
import { homeOf, locate, type YamlSource } from './yaml-source.ts';

/** What a contact file may hold. */
const SECTIONS = ['contacts', 'groups', 'rotations'] as const;
const contactFileSchema = configSchema.pick({ contacts: true, groups: true, rotations: true });

type People = Pick<ParsedConfig, (typeof SECTIONS)[number]>;

export interface ContactFiles {
  readonly parts: readonly YamlSource[];
  /** The sections of each. */
  readonly people: readonly People[];
  readonly faults: readonly Fault[];
  /** False when one could not be opened, so that the names in it are not known. */
  readonly complete: boolean;
}

/** Reads the files that `contactFiles` of the main file names, beside which they lie. */
export function openContactFiles(main: YamlSource, env: Environment, onRead: OnRead): ContactFiles {
  const parts: YamlSource[] = [];
  const people: People[] = [];
  const faults: Fault[] = [];
  let complete = true;
  const names = list(locate(main, ['contactFiles']).node?.toJS(main.document));
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || name === '') continue;
    const path = ['contactFiles', index];
    if (names.indexOf(name) < index) {
      faults.push(toFault(main, { path, message: 'this file is named twice', hint: 'keep one' }));
      continue;
    }
    const file = isAbsolute(name) ? name : join(dirname(main.file), name);
    const read = readText(file, onRead);
    if (read.kind !== 'text') {
      const message = read.kind === 'absent' ? `no such file: ${file}` : `${file} ${read.why}`;
      faults.push(toFault(main, { path, message, hint: `it is looked for beside ${main.file}`, hideValue: true }));
      complete = false;
      continue;
    }
    if (read.text === '') {
      faults.push({ path: '', file, message: 'is empty', hint: 'was it being written? To have nobody in it write contacts: {}' });
      complete = false;
      continue;
    }
    try {
      const { source, findings } = openSource(read.text, { file, such: 'contacts, groups and rotations', env, onRead });
      const validated = validate(source, contactFileSchema);
      const invalid = 'findings' in validated ? validated.findings.map(withHint) : [];
      faults.push(...[...findings, ...invalid].map((finding) => toFault(source, finding)));
      parts.push(source);
      if ('data' in validated) people.push(validated.data);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      complete = false;
    }
  }
  return { parts, people, faults: [...faults, ...namesakes({ ...main, parts })], complete };
}

function withHint(finding: ConfigFinding): ConfigFinding {
  const foreign = finding.path.length === 1 && finding.message === 'unknown key' && finding.hint === undefined;
  return foreign ? { ...finding, hint: 'a contact file holds contacts, groups and rotations only' } : finding;
}

/** Two entries of one name in two files: neither may win in silence. */
function namesakes(whole: YamlSource): Fault[] {
  const { parts = [] } = whole;
  return parts.flatMap((part) => {
    const held = record(part.document.toJS());
    return SECTIONS.flatMap((section) =>
      Object.keys(record(held[section])).flatMap((name): Fault[] => {
        const path = [section, name];
        const first = homeOf(whole, path);
        if (first === part) return [];
        const place = `${first.file}:${first.lineOf(locate(first, path).offset ?? 0)}`;
        const message = `two ${section} with one name, the first in ${place}`;
        return [toFault(part, { path, message, hint: 'give each its own name', hideValue: true })];
      }),
    );
  });
}

/** The main file as it stands, right or wrong, with what its contact files hold. */
export function wholeOf({ document, parts = [] }: YamlSource): Section {
  const main = record(document.toJS());
  const others = parts.map((part) => record(part.document.toJS()));
  const merged = SECTIONS.map((section) => [section, merge(section, [...others, main])]);
  return others.length === 0 ? main : { ...main, ...Object.fromEntries(merged) };
}

/** The same of what was found right. */
export function withPeople(main: ParsedConfig, people: readonly People[]): ParsedConfig {
  return {
    ...main,
    contacts: Object.assign({}, main.contacts, ...people.map(({ contacts }) => contacts)),
    groups: Object.assign({}, main.groups, ...people.map(({ groups }) => groups)),
    rotations: Object.assign({}, main.rotations, ...people.map(({ rotations }) => rotations)),
  };
}

/** A section that is no map is left to its own fault. */
function merge(section: string, files: readonly Section[]): Section {
  return Object.assign({}, ...files.map((file) => record(file[section])));
}
