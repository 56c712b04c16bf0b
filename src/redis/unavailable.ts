import { forgetArguments } from './connection/pending-commands.ts';

/** Redis did not answer in time or refused the connection. A retry with the same id is safe. */
export class RedisUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`Redis is not available: ${describe(cause)}`, { cause });
    this.name = 'RedisUnavailableError';
  }
}

/** Longest wait of {@link withinDeadline}; longer than the timeout of an `interactive` call, so that its error comes first. */
const DEADLINE_MS = 4500;

/** Settles like `work`; an unreachable Redis, or one silent for `deadlineMs`, becomes a {@link RedisUnavailableError}. */
export async function withinDeadline<T>(work: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisUnavailableError(`no answer within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } catch (error) {
    throw asUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Converts an error that shows that Redis is unreachable or rejects writes to {@link RedisUnavailableError}; returns others unchanged. */
export function asUnavailable(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RedisUnavailableError) return error;
  if (!isUnavailable(error)) return error;
  forgetArguments(error);
  return new RedisUnavailableError(error);
}

/** Error replies about the state of the server: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const REFUSING =
  /(?:^|-)(?:LOADING|MASTERDOWN|READONLY|MISCONF|OOM|CLUSTERDOWN|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM|DENIED|UNBLOCKED|MOVED|ASK|TRYAGAIN|NOSCRIPT|EXECABORT)\b|max number of clients reached|The user executing the script can't|^(?:Failed to refresh slots cache|Too many Cluster redirections|Cluster is |Cluster isn't ready|None of startup nodes is available|All sentinels are unreachable)/;
/** A script used a key that is migrating to or from another node. */
const MIGRATING = /attempted to access a non local key/;
/** Error codes about the call itself. Any other code is about the state of the server, including unknown ones. */
const BLAMING = /^(?:ERR|WRONGTYPE|CROSSSLOT|BUSYKEY|BUSYGROUP|NOGROUP|NOPROTO|NOTBUSY)\b/;

function isRefusal({ name, message }: Error): boolean {
  if (REFUSING.test(message) || MIGRATING.test(message)) return true;
  return name === 'ReplyError' && /^[A-Z]{3,} /.test(message) && !BLAMING.test(message);
}

const SOCKET =
  /^(?:E(?:CONN(?:REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|NOENT|PROTO)|ERR_TLS_.*|ERR_SSL_.*|CERT_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;
const CLIENT = /^(?:Connection is closed|Command timed out|Command aborted due to connection close|Stream isn't writeable|Socket timeout)/;

/** Whether the error means that Redis is unreachable or does not serve. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof RedisUnavailableError) return true;
  if (error.name === 'MaxRetriesPerRequestError') return true;
  if ('code' in error && typeof error.code === 'string' && SOCKET.test(error.code)) return true;
  return CLIENT.test(error.message) || isRefusal(error);
}

/** Log level for an error of a Redis user: the watch logs an outage once, so its consequences are `debug`. */
export function levelFor<Level extends string>(error: unknown, level: Level): Level | 'debug' {
  return isUnavailable(error) ? 'debug' : level;
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'MaxRetriesPerRequestError') return 'no connection';
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
