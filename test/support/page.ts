import { expect } from 'vitest';

export interface Page {
  /** Adds what a person reads in one situation, and returns it. */
  show(situation: string, text: string): string;
  /** Compares all that was shown with the file; `vitest -u` writes it. */
  compare(): Promise<void>;
}

/** What people read of one kind, in one file below `test/pages`, so that a wording is reviewed, and changed, as a page. */
export function openPage(name: string): Page {
  const shown = new Map<string, string>();
  return {
    show(situation, text) {
      shown.set(situation, text);
      return text;
    },
    compare: () => {
      const parts = [...shown].sort(([a], [b]) => (a < b ? -1 : 1)).map(([situation, text]) => `## ${situation}\n\n${text.trimEnd()}\n`);
      return expect(parts.join('\n')).toMatchFileSnapshot(`../pages/${name}.txt`);
    },
  };
}
