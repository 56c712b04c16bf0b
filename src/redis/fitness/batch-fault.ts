import type { Redis } from '../connect.ts';
import { defineScript } from '../define-script.ts';

const probeScript = defineScript(new URL('batch-probe.lua', import.meta.url), {
  keys: [],
  args: { undeclared: 'string' },
  reply: Number,
});

/** The error of a server on which scripts cannot be batched, such as one that refuses keys which a script did not declare. */
export async function batchFault(redis: Redis, key: string): Promise<Error | undefined> {
  return probeScript(redis, { keys: {}, args: { undeclared: key } }).then(
    () => undefined,
    (error: Error) => error,
  );
}
