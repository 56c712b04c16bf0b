import { isUtf8 } from 'node:buffer';
import { describeJsonFault } from '../../alert/json-fault.ts';
import { HttpProblem } from './problem.ts';
import { repairJson } from './repair-json.ts';

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
