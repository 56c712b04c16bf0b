import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** Words of a private dialect, or literary forms, with what to write instead. Whole words, in comments and strings. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b(?:nobody|somebody|anybody|whoever|whom)\b/i, 'name the role: caller, operator, user, process'],
  [/\banew\b/i, 'again'],
  [/\bin vain\b/i, 'without success'],
  [/\bheed(?:s|ed)?\b/i, 'handle'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix, recover'],
  [/\b(?:told|tells?|hears?|heard)\b/i, 'report, notify, send, receive'],
  [/\bat once\b/i, 'immediately'],
  [/\b(?:let|lets|letting) go (?:of|again)\b/i, 'release'],
  [/\b(?:is|are) well\b/i, 'ok, recovered'],
  [/\bworked off\b/i, 'processed'],
  [/\b(?:dies?|died|dead) over\b/i, 'stalled'],
  [/\bgraver?\b/i, 'severe, critical'],
  [/\bwoken\b/i, 'promoted'],
];

/** The first word of a doc comment: it must start a sentence or name the thing. */
const BAD_START = /^(?:Of|Whoever|Whom|By|Such|Those|Told|To be|With what)\b/;

const MOST_LOG_LETTERS = 60;

/** Text of others, and names and texts as they are stored in Redis: file, then the words. */
const QUOTED: readonly (readonly [file: string, words: string])[] = [['src/queue/dead-letters/dead-letter.ts', ' was not told: ']];

export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** Files in which people read: code, docs, alert rules, examples of the config. */
export function textFiles(root: string): string[] {
  const below = (top: string) =>
    readdirSync(posix.join(root, top), { recursive: true, encoding: 'utf8' }).map((path) => posix.join(top, path));
  return ['README.md', ...['src', 'workers', 'docs', 'grafana', 'config', 'deploy'].flatMap(below)].filter((file) =>
    /\.(?:tsx?|lua|md|ya?ml|json|acl)$/.test(file),
  );
}

export function checkLanguage(root: string): Fault[] {
  const read = (file: string) => readFileSync(posix.join(root, file), 'utf8');
  return [
    ...textFiles(root).flatMap((file) => checkText(file, read(file))),
    ...testFiles(root).flatMap((file) => checkTitles(file, read(file))),
  ];
}

export function testFiles(root: string): string[] {
  return readdirSync(posix.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.test\.tsx?$/.test(path))
    .map((path) => posix.join('test', path));
}

/** The first argument of `describe`, `it` and `test`, also behind a table or a condition. */
const TITLE = /(?:\b(?:describe|it|test)(?:\.\w+)*|\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\[\s\S])*)`)\s*,/g;

/** Checks the titles of tests against the word list. */
export function checkTitles(file: string, text: string): Fault[] {
  return [...text.matchAll(TITLE)].flatMap(({ 1: single, 2: double, 3: template, index }) =>
    bannedIn(single ?? double ?? template ?? '').map((what) => ({ file, line: lineAt(text, index), what })),
  );
}

export function checkText(file: string, text: string): Fault[] {
  const isCode = /\.tsx?$/.test(file);
  const passages = isCode ? passagesOf(text) : text.split('\n').map((words, index) => ({ words, line: index + 1, isDoc: false }));
  const words = passages.flatMap(({ words, line, isDoc }) => {
    const quoted = QUOTED.filter(([place]) => place === file).reduce((rest, [, own]) => rest.replaceAll(own, ''), words);
    const banned = bannedIn(quoted).map((what) => ({ file, line, what }));
    const start = isDoc ? BAD_START.exec(quoted)?.[0] : undefined;
    return start === undefined ? banned : [...banned, { file, line, what: `a doc comment starts with "${start}"` }];
  });
  return isCode ? [...words, ...longLogs(file, text)] : words;
}

function bannedIn(words: string): string[] {
  return BANNED.flatMap(([pattern, instead]) => {
    const [found] = pattern.exec(words) ?? [];
    return found === undefined ? [] : [`"${found}": write ${instead}`];
  });
}

const LOG =
  /\blogger(?:\.(?:trace|debug|info|warn|error|fatal)|\[levelFor\([^)]*\)\])\(\s*(?:[^;`]*?,\s*)?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"),?\s*\)/g;

function longLogs(file: string, text: string): Fault[] {
  return [...text.matchAll(LOG)].flatMap(({ 1: single, 2: double, index }) => {
    const message = single ?? double ?? '';
    if (message.length <= MOST_LOG_LETTERS) return [];
    return [{ file, line: lineAt(text, index), what: `a log message of ${message.length} characters: "${message}"` }];
  });
}

interface Passage {
  readonly words: string;
  readonly line: number;
  /** The first line of a doc comment. */
  readonly isDoc: boolean;
}

const PARTS =
  /\/\*\*?([\s\S]*?)\*\/|\/\/(.*)|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\[\s\S])*)`|>([^<>{}=;()]*[a-z] [^<>{}=;()]*)</g;

/** Comments, strings and texts of JSX. A string without a space is a name, not a text. */
function passagesOf(text: string): Passage[] {
  return [...text.matchAll(PARTS)].flatMap(({ 0: whole, 1: block, 2: line, 3: single, 4: double, 5: template, 6: jsx, index }) => {
    const at = lineAt(text, index);
    if (block !== undefined) {
      const words = block.replace(/^\s*\*? ?/gm, ' ').trim();
      return [{ words, line: at, isDoc: whole.startsWith('/**') }];
    }
    const words = line ?? single ?? double ?? template?.replace(/\$\{[^}]*\}/g, '…') ?? jsx ?? '';
    return line !== undefined || /\S \S/.test(words) ? [{ words, line: at, isDoc: false }] : [];
  });
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
