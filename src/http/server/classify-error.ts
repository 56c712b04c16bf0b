import { RedisUnavailableError } from '../../redis/unavailable.ts';
import { HttpProblem } from './problem.ts';

/** In bytes. */
export const BODY_LIMIT = 1024 * 1024;

/** What the caller is told about anything that was thrown. What we do not know is ours, and its words stay with us. */
export function classifyError(error: unknown, bodyLimit = BODY_LIMIT): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof RedisUnavailableError) {
    return new HttpProblem('redis-unavailable', {
      detail: 'Send it again later; the same id again is safe.',
      cause: error,
    });
  }
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpProblem('body-too-large', { detail: `At most ${bodyLimit} bytes; send several calls.` });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpProblem('unsupported-media-type', { detail: 'Send it with Content-Type: application/json.' });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new HttpProblem('not-found');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem('invalid-request', { detail: 'The request is not well-formed HTTP.', cause: error });
  }
  return new HttpProblem('internal', { detail: 'It is in our log. Sending it again with the same id is safe.', cause: error });
}
