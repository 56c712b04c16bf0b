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

/** Sections that a contact file may have. */
const SECTIONS = ['contacts', 'groups', 'rotations'] as const;
const contactFileSchema = configSchema.pick({ contacts: true, groups: true, rotations: true });

type People = Pick<ParsedConfig, (typeof SECTIONS)[number]>;

export interface ContactFiles {
  readonly parts: readonly YamlSource[];
  /** Sections of each file. */
  readonly people: readonly People[];
  readonly faults: readonly Fault[];
  /** False when a file could not be opened, so that its names are unknown. */
  readonly complete: boolean;
}

/** Reads the files listed in `contactFiles` of the main file, relative to its folder. */
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
      faults.push(toFault(main, { path, message: 'this file is listed twice', hint: 'remove one' }));
      continue;
    }
    const file = isAbsolute(name) ? name : join(dirname(main.file), name);
    const read = readText(file, onRead);
    if (read.kind !== 'text') {
      const message = read.kind === 'absent' ? `no such file: ${file}` : `${file} ${read.why}`;
      faults.push(toFault(main, { path, message, hint: `the path is relative to ${main.file}`, hideValue: true }));
      complete = false;
      continue;
    }
    if (read.text === '') {
      faults.push({
        path: '',
        file,
        message: 'is empty',
        hint: 'if it was being written, try again; for a file without contacts write contacts: {}',
      });
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

/** Faults for entries with the same name in two files: neither may silently override the other. */
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
        const message = `two ${section} with the same name, the first in ${place}`;
        return [toFault(part, { path, message, hint: 'rename one', hideValue: true })];
      }),
    );
  });
}

/** The main file as written, valid or not, merged with its contact files. */
export function wholeOf({ document, parts = [] }: YamlSource): Section {
  const main = record(document.toJS());
  const others = parts.map((part) => record(part.document.toJS()));
  const merged = SECTIONS.map((section) => [section, merge(section, [...others, main])]);
  return others.length === 0 ? main : { ...main, ...Object.fromEntries(merged) };
}

/** Same for validated files. */
export function withPeople(main: ParsedConfig, people: readonly People[]): ParsedConfig {
  return {
    ...main,
    contacts: Object.assign({}, main.contacts, ...people.map(({ contacts }) => contacts)),
    groups: Object.assign({}, main.groups, ...people.map(({ groups }) => groups)),
    rotations: Object.assign({}, main.rotations, ...people.map(({ rotations }) => rotations)),
  };
}

/** A section that is not a map is reported by its own fault. */
function merge(section: string, files: readonly Section[]): Section {
  return Object.assign({}, ...files.map((file) => record(file[section])));
}
