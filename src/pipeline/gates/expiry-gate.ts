import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage } from '../stage.ts';

/** Expires a message past its deadline: a late message is worse than none. */
export const messageExpiryGate: Stage<MessageSubject> = {
  name: 'expiry-gate',
  exec: ({ message, waitedFor }, { clock }) => (clock.now().getTime() >= message.expiresAt ? { kind: 'expired', last: waitedFor } : pass),
};
