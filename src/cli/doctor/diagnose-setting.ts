import type { Config } from '../../config/config.ts';
import { ConfigError, type Fault, formatFault } from '../../config/fault.ts';
import type { Environment } from '../../setting/environment.ts';
import { isLoopback } from '../../setting/loopback.ts';
import { editDistance } from '../../text/suggest.ts';
import type { LoadedConfig } from '../cli-deps.ts';
import type { Diagnosis } from './diagnosis.ts';

/** Minimum Node version, as `engines` of package.json. */
const [MAJOR, MINOR] = [20, 19];

/** @param version without the v */
export function diagnoseNode(version: string): Diagnosis {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const newEnough = major > MAJOR || (major === MAJOR && minor >= MINOR);
  return newEnough
    ? { subject: 'node', verdict: 'ok', found: version }
    : { subject: 'node', verdict: 'failed', found: `${version} is too old`, todo: `Install Node ${MAJOR}.${MINOR} or newer.` };
}

/** Environment variables that override the config. */
const NAMES = ['REDIS_URL', 'SMS_DISPATCH_CONFIG', 'METRICS_PORT', 'LOG_LEVEL', 'PORT', 'HOST'] as const;
/** Variables for which a misspelled name is reported; short names would match unrelated variables. */
const LONG = NAMES.filter((name) => name.length >= 8);

/** Reports which variables are set, and which are probably misspelled. Shows no values. */
export function diagnoseEnvironment(env: Environment): Diagnosis[] {
  const set = NAMES.filter((name) => env[name] !== undefined && env[name] !== '');
  const found =
    set.length === 0
      ? 'no variable overrides the config'
      : `${set.join(', ')} ${set.length === 1 ? 'is' : 'are'} set and ${set.length === 1 ? 'overrides' : 'override'} the config`;
  const misspelt = Object.keys(env).flatMap((name) => {
    const meant = LONG.find((known) => known !== name && editDistance(name.toUpperCase(), known) <= 2);
    return meant === undefined || set.includes(meant) ? [] : [{ name, meant }];
  });
  return [
    { subject: 'environment', verdict: 'ok', found },
    ...misspelt.map(
      ({ name, meant }): Diagnosis => ({
        subject: 'environment',
        verdict: 'warning',
        found: `unknown environment variable ${name}`,
        todo: `Did you mean ${meant}?`,
      }),
    ),
  ];
}

/** @param loaded the config, or the error of loading it */
export function diagnoseConfig(loaded: LoadedConfig | ConfigError): Diagnosis[] {
  if (loaded instanceof ConfigError) return loaded.faults.map((fault) => ofFault(fault, 'failed'));
  const { config, path, hash, warnings } = loaded;
  const found = `${path}: ${config.providers.size} provider(s), ${config.routes.length} route(s), hash ${hash}`;
  return [{ subject: 'config', verdict: 'ok', found }, ...warnings.map((fault) => ofFault(fault, 'warning'))];
}

function ofFault({ hint, ...fault }: Fault, verdict: 'failed' | 'warning'): Diagnosis {
  const todo = hint ?? (verdict === 'failed' ? 'Correct it; `sms-dispatch config check` shows all faults.' : undefined);
  return { subject: 'config', verdict, found: formatFault(fault), todo };
}

/** Shorter tokens can be guessed: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html */
const SHORTEST_TOKEN = 16;

/** Checks who can access the HTTP API, and whether vendors can reach it. */
export function diagnoseHttpAccess({ http }: Pick<Config, 'http'>): Diagnosis[] {
  const { tokens, host, publicUrl } = http;
  const who = tokens.length === 0 ? 'local requests only, without a token' : `${tokens.length} token(s), on ${host}`;
  const warnings: [boolean, string, string][] = [
    [
      tokens.some((token) => token.reveal().length < SHORTEST_TOKEN),
      `a token is shorter than ${SHORTEST_TOKEN} characters`,
      'Generate new ones: openssl rand -hex 24',
    ],
    [
      publicUrl !== undefined && isLoopback(new URL(publicUrl).hostname),
      'http.publicUrl is a loopback address: vendors cannot deliver receipts to it',
      'Set it to the public address of the receiver.',
    ],
    [
      publicUrl?.startsWith('http:') === true && !isLoopback(new URL(publicUrl).hostname),
      'http.publicUrl is not https: receipts contain phone numbers and are sent unencrypted',
      'Put a TLS proxy in front of the receiver and use https://.',
    ],
  ];
  return [
    { subject: 'http', verdict: 'ok', found: who },
    ...warnings.filter(([holds]) => holds).map(([, found, todo]): Diagnosis => ({ subject: 'http', verdict: 'warning', found, todo })),
  ];
}
