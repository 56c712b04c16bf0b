import { AlertError, parseAlert } from '../alert/parse-alert.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { directoryOf, type KnownNames } from '../pipeline/directory.ts';
import { HttpProblem } from './problem.ts';

/**
 * Whom a webhook's `?to=` names, else `webhooks.to` of the config; may be nobody. Checked once, so that a slip in the
 * sender's URL is told for what it is.
 * @throws {HttpProblem} `invalid-request` when one of them is no recipient
 */
export function webhookRecipients(query: unknown, config: Pick<Config, 'http'> & KnownNames): readonly string[] {
  // A plus sign that was not escaped arrives as a space.
  const asked = [query].flat().flatMap((entry) => (typeof entry === 'string' && entry !== '' ? [entry.replace(/^ /, '+')] : []));
  const to = asked.length > 0 ? asked : config.http.webhookTo;
  if (to.length === 0) return to;
  try {
    parseAlert({ severity: 'critical', text: 'recipients only', to }, directoryOf(config, systemClock));
    return to;
  } catch (error) {
    if (!(error instanceof AlertError)) throw error;
    throw new HttpProblem('invalid-request', { detail: `Recipients: ${error.message}`, members: { errors: error.issues } });
  }
}
