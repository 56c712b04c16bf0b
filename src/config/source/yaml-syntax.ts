import type { YAMLError } from 'yaml';

/**
 * The parser's complaint in words for a person. Its own message may quote the file, so it may quote a secret, and is
 * never shown.
 */
export function syntaxMessage({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  if (code === 'MISSING_CHAR' && /quote/i.test(message)) return 'a quote is opened and never closed';
  if (/sequence item|block sequence/i.test(message)) return WRONG_INDENT;
  if (code === 'BAD_INDENT' && /flow/i.test(message)) return 'a bracket is opened and not closed, or what it holds is not indented';
  return (
    MESSAGES[code] ??
    'YAML does not expect this here: check brackets, commas, indentation, and quotes, which a value that begins with { or [ must have'
  );
}

const WRONG_INDENT = 'wrong indentation: keys of one map start in the same column, and what belongs to a key stands further in than it';

/** A value of one line with a key under it, further in: to YAML the value goes on there. */
export const NEXT_TOO_DEEP =
  'the next line is indented further than this one, as if the value went on there: keys of one map start in the same column';

const MESSAGES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a tab in the indentation: YAML wants spaces',
  BAD_INDENT: WRONG_INDENT,
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line: put the value in quotes, or the key on a line of its own',
  MULTILINE_IMPLICIT_KEY: 'a ":" is missing after a key, or a value goes on where a key is expected',
  MISSING_CHAR: 'a ":", a comma or a closing bracket is missing here',
  BAD_SCALAR_START: 'a value that begins with @, %, ` or | must be in quotes',
  BAD_ALIAS: 'a value that begins with * must be in quotes',
  BAD_DQ_ESCAPE: 'an escape that YAML does not know: in double quotes write \\\\ for a backslash, or use single quotes',
  BLOCK_IN_FLOW: 'a list or map with indentation cannot stand inside { } or [ ]',
  MULTIPLE_DOCS: 'a second document begins here: the config is one document, without ---',
  NON_STRING_KEY: 'a map cannot be a key: a value that begins with { must be in quotes',
  TAG_RESOLVE_FAILED: 'an unknown YAML tag: a value that begins with ! must be in quotes',
};
