import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Called for every file that a config is read from, with its content; also for files that could not be read. */
export type OnRead = (file: string, bytes: Buffer | undefined) => void;

/** Digest of the content of a file; the same for all files that could not be read. */
export function digest(bytes: Buffer | undefined): string {
  return bytes === undefined ? 'unreadable' : createHash('sha256').update(bytes).digest('base64');
}

export type ReadText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A whole file as text. */
export function readText(file: string, onRead: OnRead): ReadText {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
    onRead(file, bytes);
  } catch (error) {
    onRead(file, undefined);
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'absent' };
    return { kind: 'unreadable', why: code === 'EISDIR' ? 'is a directory, not a file' : `cannot be read: ${code}` };
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { kind: 'unreadable', why: 'is not UTF-8 text' };
  }
}
