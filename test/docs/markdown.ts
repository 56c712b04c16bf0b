import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

/** A file of the repository, by its path from the root. */
export function readDoc(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

export interface CodeBlock {
  /** Of the section that it stands in. */
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  let heading = '';
  return [...markdown.matchAll(/^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$/gms)].flatMap(([, title, language, code]) => {
    if (title === undefined) return [{ heading, language: language as string, code: code as string }];
    heading = title;
    return [];
  });
}

/** The cells of each row of every table whose head begins with this word, without that head. */
export function tableRows(markdown: string, head: string): string[][] {
  return markdown
    .split(/\n(?!\|)/)
    .filter((table) => table.startsWith(`| ${head} |`) || table.includes(`\n| ${head} |`))
    .flatMap((table) => table.split('\n').filter((line) => line.startsWith('|')))
    .filter((line) => !line.startsWith(`| ${head} |`) && !/^\| ?-/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}
