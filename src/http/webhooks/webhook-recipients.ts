import { AlertError, parseAlert } from '../../alert/parse-alert.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { directoryOf, type KnownNames } from '../../pipeline/routing/directory.ts';
import { HttpProblem } from '../server/problem.ts';

type Query = Readonly<Record<string, unknown>>;

/**
 * Whom a webhook's `?to=` names, else `webhooks.to` of the config; may be nobody. Checked once, so that a slip in the
 * sender's URL is told for what it is.
 * @throws {HttpProblem} `invalid-request` when one of them is no recipient, or a parameter of another name is meant as one
 */
export function webhookRecipients(query: Query, config: Pick<Config, 'http'> & KnownNames, clock: Clock): readonly string[] {
  const asked = askedIn(query);
  const to = asked.length > 0 ? asked : config.http.webhookTo;
  if (to.length === 0) return to;
  try {
    parseAlert({ severity: 'critical', text: 'recipients only', to }, directoryOf(config, clock));
    return to;
  } catch (error) {
    if (!(error instanceof AlertError)) throw error;
    throw new HttpProblem('invalid-request', { detail: `Recipients: ${error.message}`, members: { errors: error.issues } });
  }
}

/** `to`, also in the spelling of PHP and jQuery: `to[]`, `to[0]`. */
const TO = /^to(?:\[\d*\])?$/i;
/** Ignored, these would send the alert to the recipients of the config instead. */
const MEANT_AS_TO = /^(?:tos|recipients?|receivers?|contacts?|groups?|rotations?|phones?|numbers?|users?)(?:\[\d*\])?$/i;

function askedIn(query: Query): string[] {
  const strange = Object.keys(query).find((name) => MEANT_AS_TO.test(name));
  if (strange !== undefined) {
    const message = 'unknown parameter: name recipients with ?to=, such as ?to=group:oncall';
    throw new HttpProblem('invalid-request', { detail: `${strange}: ${message}`, members: { errors: [{ path: strange, message }] } });
  }
  return Object.entries(query)
    .filter(([name]) => TO.test(name))
    .flatMap(([, value]) => value)
    .flatMap((entry) => {
      // A plus sign that was not escaped arrives as a space.
      const name = typeof entry === 'string' ? entry.replace(/^ (?=\s*\d)/, '+').trim() : '';
      return name === '' ? [] : [name];
    });
}
