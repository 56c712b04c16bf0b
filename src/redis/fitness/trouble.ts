/** A problem with the Redis server and its remedy. */
export interface Trouble {
  readonly kind: (typeof TROUBLES)[number][0];
  /** A predicate for the server name, such as `cannot be reached`. */
  readonly problem: string;
  readonly hint: string;
}

/** Server errors: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const TROUBLES = [
  ['full', /(?:^|-)OOM\b/, 'is full and rejects writes', 'redis-cli INFO memory; give it more: redis-cli CONFIG SET maxmemory …'],
  [
    'read_only',
    /(?:^|-)READONLY\b/,
    'is a read-only replica, as after a failover',
    'point REDIS_URL at its primary, or promote it: redis-cli REPLICAOF NO ONE; a redis+sentinel:// URL follows by itself',
  ],
  ['loading', /(?:^|-)LOADING\b/, 'is loading its data', 'it takes a while after a start; nothing to do'],
  [
    'disk',
    /(?:^|-)MISCONF\b/,
    'cannot write to its disk and rejects writes',
    'see the log of Redis; free disk space or fix the permissions',
  ],
  ['no_auth', /(?:^|-)NOAUTH\b/, 'requires a password', 'put it into the URL: REDIS_URL=redis://:PASSWORD@host:6379'],
  [
    'wrong_password',
    /(?:^|-)WRONGPASS\b|invalid password/,
    'refuses the user name or password',
    'correct them in the URL: redis://USER:PASSWORD@host:6379, special characters percent-encoded; or make the old ones valid again',
  ],
  [
    'no_permission',
    /(?:^|-)NOPERM\b|The user executing the script can't/,
    'denies its user a required permission',
    'redis-cli ACL SETUSER <user> on +@all -@dangerous +info +client ~{sms}:* &{sms}:* (the smallest permissions of each role: docs/redis.md)',
  ],
  [
    'protected',
    /(?:^|-)DENIED\b/,
    'runs in protected mode: without a password it accepts local connections only',
    'redis-cli CONFIG SET requirepass PASSWORD, and the password into REDIS_URL',
  ],
  [
    'cluster_down',
    /(?:^|-)(?:CLUSTERDOWN|MASTERDOWN|NOREPLICAS)\b|Too many Cluster redirections/,
    'has lost some of its servers',
    'redis-cli CLUSTER INFO, or INFO replication; it recovers when enough of them are back',
  ],
  ['busy', /(?:^|-)BUSY\b/, 'is busy with a script', 'redis-cli SCRIPT KILL, after checking which client runs it'],
  [
    'clients',
    /max number of clients reached/,
    'has reached its limit of clients',
    'redis-cli CLIENT LIST; allow more: redis-cli CONFIG SET maxclients …',
  ],
  [
    'tls_untrusted',
    /self-signed certificate|unable to verify the first certificate|unable to get (?:local )?issuer certificate/,
    'has a certificate of an authority that this machine does not trust',
    'name the authority: redis.tls.ca in the config, or ?ca=/path/ca.pem in the URL',
  ],
  [
    'tls_expired',
    /certificate has expired|certificate is not yet valid/,
    'has a certificate that is not valid now',
    'renew the certificate, and check the clock of this machine',
  ],
  [
    'tls_name',
    /does not match certificate's altnames/,
    'has a certificate for another name',
    'use the name in the certificate as host, or give it: redis.tls.servername in the config, or ?servername= in the URL',
  ],
  [
    'tls_client',
    /alert (?:certificate required|unknown ca|bad certificate|handshake failure|number 4[0268]|number 116)/i,
    'asks for a client certificate that it accepts',
    'set redis.tls.cert and redis.tls.key in the config, or ?cert=/path/client.pem&key=/path/client.key in the URL',
  ],
  [
    'silent',
    /^(?:Command timed out|Socket timeout|connect ETIMEDOUT|read ETIMEDOUT|no answer within|Redis is not available: no answer)/,
    'does not answer',
    'check whether its process is stopped or short of memory, and whether the network drops packets',
  ],
] as const satisfies readonly (readonly [string, RegExp, string, string])[];

/** `undefined` when the error says nothing about whether Redis serves, or only that there is no connection. */
export function classifyTrouble(error: Error): Trouble | undefined {
  const { message } = error.cause instanceof Error ? error.cause : error;
  const found = TROUBLES.find(([, pattern]) => pattern.test(message));
  return found && { kind: found[0], problem: found[2], hint: found[3] };
}

/** A permission that the server denied; `command` if the error names one. */
export interface Denial {
  readonly kind: 'command' | 'keys' | 'channels';
  readonly command?: string;
}

/**
 * Redis 7.0 uses other texts in scripts, without a code: https://github.com/redis/redis/blob/7.0.15/src/script.c. 7.2 and
 * Valkey put the usual ones after `ACL failure in script:`.
 */
export function denialIn(message: string): Denial | undefined {
  if (!/\bNOPERM\b|The user executing the script can't/.test(message)) return undefined;
  const command = /run the '([^']+)' command/.exec(message)?.[1];
  if (command !== undefined) return { kind: 'command', command };
  if (/can't run this command|run this command|has no permissions to run/.test(message)) return { kind: 'command' };
  return { kind: /channel/.test(message) ? 'channels' : 'keys' };
}
