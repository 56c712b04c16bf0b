import { isUtf8 } from 'node:buffer';
import { describeJsonFault } from '../../alert/parse/describe-issues.ts';
import { HttpProblem } from './problem.ts';

/**
 * Repairs JSON from a careless text template: drops commas before a closing bracket, escapes line breaks and tabs within
 * strings, and removes the commas of grouped numbers such as `76,456`. The content of strings is kept.
 */
export function repairJson(text: string): string {
  return text.replace(PARTS, (part, string: string | undefined, comma: string | undefined, number: string | undefined) => {
    if (string !== undefined) return escapeControls(string);
    if (comma !== undefined) return comma.slice(1);
    return number === undefined ? part : number.replaceAll(',', '');
  });
}

/** Matches a string; a comma with the bracket after it; the grouped number of a member. */
const PARTS = /("[^"\\]*(?:\\[\s\S][^"\\]*)*")|(,\s*[}\]])|(:\s*-?\d{1,3}(?:,\d{3})+(?=\s*[,}]))/g;

function escapeControls(string: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids these within strings
  return string.replace(/[\u0000-\u001f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

/**
 * Parses the body as JSON.
 * @param repairs whether JSON from a careless text template is accepted too
 * @throws {HttpProblem} `malformed-json`, with line and column where the parser reports the position
 */
export function parseJsonBody(body: Buffer, repairs = false): unknown {
  if (body.length === 0) throw new HttpProblem('malformed-json', { detail: 'The body is empty.' });
  if (!isUtf8(body)) throw new HttpProblem('malformed-json', { detail: 'The body is not UTF-8.' });
  // Some clients, such as those of .NET, start with a byte order mark.
  const text = body.toString('utf8').replace(/^\ufeff/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    const repaired = repairs ? tryJson(repairJson(text)) : undefined;
    if (repaired !== undefined) return repaired;
    const { message, place } = describeJsonFault(text, error);
    throw new HttpProblem('malformed-json', {
      detail: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`,
      ...(place === undefined ? {} : { members: { ...place } }),
    });
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
