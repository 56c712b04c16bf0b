export interface JsonFault {
  /** In our own words: those of the JSON parser quote the text, which may hold phone numbers. */
  readonly message: string;
  /** Absent where the parser does not tell the position. */
  readonly place?: { readonly line: number; readonly column: number };
}

/** Says where a text stops being JSON, by the error of `JSON.parse`. */
export function describeJsonFault(text: string, error: unknown): JsonFault {
  const { message } = error as SyntaxError;
  const position = /at position (\d+)/.exec(message)?.[1] ?? (message.startsWith('Unexpected end') ? text.length : undefined);
  if (position !== undefined) {
    const before = text.slice(0, Number(position)).split('\n');
    const line = before.length;
    const column = (before.at(-1) as string).length + 1;
    return { message: `not JSON from line ${line}, column ${column} on`, place: { line, column } };
  }
  const token = /^Unexpected token '(.+?)',/su.exec(message)?.[1];
  return { message: token === undefined ? 'not JSON' : `not JSON: unexpected ${JSON.stringify(token)}` };
}
