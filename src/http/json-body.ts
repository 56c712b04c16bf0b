import { isUtf8 } from 'node:buffer';
import { HttpProblem } from './problem.ts';
import { repairJson } from './repair-json.ts';

/**
 * The body as JSON. A fault is described in our own words: those of the JSON parser quote the body, which may hold
 * phone numbers.
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
    throw describeFault(text, (error as SyntaxError).message);
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function describeFault(text: string, message: string): HttpProblem {
  const position = /at position (\d+)/.exec(message)?.[1] ?? (message.startsWith('Unexpected end') ? text.length : undefined);
  if (position !== undefined) {
    const before = text.slice(0, Number(position)).split('\n');
    const line = before.length;
    const column = (before.at(-1) as string).length + 1;
    return new HttpProblem('malformed-json', { detail: `Not JSON from line ${line}, column ${column} on.`, members: { line, column } });
  }
  const token = /^Unexpected token '(.+?)',/su.exec(message)?.[1];
  return new HttpProblem('malformed-json', {
    detail: token === undefined ? 'Not JSON.' : `Not JSON: unexpected ${JSON.stringify(token)}.`,
  });
}
