const QUOTES = ['""', "''", '``', '“”', '‘’'];

/** Without the one line end that editors, `echo` and YAML's `|` put behind a value. */
export function withoutLineEnd(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/(?:\r?\n|\r)$/, '');
}

/**
 * What surrounds a secret that came out of a file or the environment and is hardly a part of it, as the end of a sentence
 * about it; `undefined` for none. Never quotes it.
 */
export function faultOfEdges(text: string): string | undefined {
  if (/[\r\n]/.test(text.trim())) return `holds ${text.split(/\r\n|\r|\n/).length} lines: only one can be sent`;
  const ends = [/^[\s\p{Cf}]/u.test(text) ? 'begins' : '', /[\s\p{Cf}]$/u.test(text) ? 'ends' : ''].filter((end) => end !== '');
  if (ends.length > 0) return `${ends.join(' and ')} with ${/[\r\n]/.test(text) ? 'a line break' : 'a blank'}`;
  const isQuoted = text.length >= 2 && QUOTES.includes(`${text.charAt(0)}${text.slice(-1)}`);
  return isQuoted ? `stands in quotes, ${text.length} characters with them` : undefined;
}
