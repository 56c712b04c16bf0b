import { isUtf8 } from 'node:buffer';
import { describeJsonFault } from '../../alert/describe-issues.ts';
import { HttpProblem } from './problem.ts';

/**
 * JSON as a text template writes it when it is not careful, made readable: commas before a closing bracket are dropped, line
 * breaks and tabs within text are escaped, and numbers grouped as `76,456` lose their commas. What is inside of text stays.
 */
export function repairJson(text: string): string {
  return text.replace(PARTS, (part, string: string | undefined, comma: string | undefined, number: string | undefined) => {
    if (string !== undefined) return escapeControls(string);
    if (comma !== undefined) return comma.slice(1);
    return number === undefined ? part : number.replaceAll(',', '');
  });
}

/** Text; a comma and the bracket behind it; the grouped number of a member. */
const PARTS = /("[^"\\]*(?:\\[\s\S][^"\\]*)*")|(,\s*[}\]])|(:\s*-?\d{1,3}(?:,\d{3})+(?=\s*[,}]))/g;

function escapeControls(string: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what JSON forbids within text
  return string.replace(/[\u0000-\u001f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

/**
 * The body as JSON.
 * @param repairs whether what a careless text template writes is read as well
 * @throws {HttpProblem} `malformed-json`, with line and column where the parser tells the position
 */
export function parseJsonBody(body: Buffer, repairs = false): unknown {
  if (body.length === 0) throw new HttpProblem('malformed-json', { detail: 'The body is empty.' });
  if (!isUtf8(body)) throw new HttpProblem('malformed-json', { detail: 'The body is not UTF-8.' });
  // Some clients, those of .NET among them, begin with a byte order mark.
  const text = body.toString('utf8').replace(/^\ufeff/, '');
  try {
    return JSON.parse(text);
  } catch (error) {
    const repaired = repairs ? tryJson(repairJson(text)) : undefined;
    if (repaired !== undefined) return repaired;
    const { message, place } = describeJsonFault(text, error);
    throw new HttpProblem('malformed-json', {
      detail: `${message.replace(/^n/, 'N')}.`,
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
