import type { Redis } from '../../redis/connect.ts';
import { defineScript } from '../../redis/define-script.ts';
import { ACK_CODE_TTL_MS, type Keys } from '../../redis/keys.ts';

/** By which codes a phone acknowledges which of its messages; for two days. Every method rejects when Redis refuses. */
export interface AckCodes {
  /** The first of these codes that no other message to this phone has; asked again for a message, the same one. */
  claim(message: { readonly id: string; readonly phoneHash: string }, codes: readonly string[], now: Date): Promise<string>;
  /** The message that this phone means by a code. */
  find(phoneHash: string, code: string): Promise<string | undefined>;
  /** The newest messages to this phone that have codes, newest first. */
  newest(phoneHash: string, count: number): Promise<string[]>;
}

/** Should all codes be in use, the last one passes to the newer message. Answers the position of the code, from 1. */
export const claimCodeScript = defineScript(new URL('claim-code.lua', import.meta.url), {
  keys: ['byTime', '...codes'],
  args: { messageId: 'string', now: 'number' },
  reply: Number,
  constants: { ACK_CODE_TTL_MS },
});

export function createAckCodes(redis: Redis, keys: Keys): AckCodes {
  return {
    async claim({ id, phoneHash }, codes, now) {
      const position = await claimCodeScript(redis, {
        keys: { byTime: keys.ackCodes(phoneHash), codes: codes.map((code) => keys.ackCode(phoneHash, code)) },
        args: { messageId: id, now: now.getTime() },
      });
      return codes[position - 1] as string;
    },
    find: async (phoneHash, code) => (await redis.get(keys.ackCode(phoneHash, code))) ?? undefined,
    newest: (phoneHash, count) => redis.zrevrange(keys.ackCodes(phoneHash), 0, String(count - 1)),
  };
}
