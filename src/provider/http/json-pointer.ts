import { textOf } from '../../http-client/read-answer.ts';

const SYNTAX = /^(\/([^~]|~[01])*)?$/;

/** Whether the text is a JSON Pointer, such as `/data/0/id`: https://www.rfc-editor.org/rfc/rfc6901 */
export function isJsonPointer(pointer: string): boolean {
  return SYNTAX.test(pointer);
}

/** Returns the value at a JSON Pointer; `undefined` when there is none. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  const tokens = pointer.split('/').slice(1);
  return tokens.reduce<unknown>((value, token) => member(value, token.replaceAll('~1', '/').replaceAll('~0', '~')), document);
}

/** Returns the string, number or boolean at a pointer, as text. */
export function readScalar(document: unknown, pointer: string): string | undefined {
  return textOf(resolvePointer(document, pointer));
}

function member(value: unknown, token: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(token)) return undefined;
  return Object.hasOwn(value, token) ? (value as Record<string, unknown>)[token] : undefined;
}
