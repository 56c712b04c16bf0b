import type { MessageSubject } from '../sending/message-run.ts';
import type { Stage } from '../stage.ts';

/**
 * Fails a message whose job crashes worker after worker, or cannot be parsed. It comes after the ledger gate, which
 * handles attempts that may have been sent: a message that reaches this gate surely was not sent.
 */
export const createPoisonGate = (detail = 'several workers crashed on it'): Stage<MessageSubject> => ({
  name: 'poison-gate',
  exec: () => ({ kind: 'malformed', detail }),
});
