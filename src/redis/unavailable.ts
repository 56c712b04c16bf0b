/** Redis did not answer in time or refused the connection; nothing was half-accepted that a retry with the same id would double. */
export class RedisUnavailableError extends Error {
  constructor(cause: unknown) {
    super(`Redis is not available: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'RedisUnavailableError';
  }
}
