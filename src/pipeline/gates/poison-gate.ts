import type { MessageSubject } from '../sending/message-stages.ts';
import type { Stage } from '../stage.ts';

/**
 * The end of a message whose job crashes worker after worker, or cannot be read. Stands behind the ledger gate, which has the word
 * where an attempt may have been sent: what comes as far as this surely was not.
 */
export const createPoisonGate = (detail = 'one worker after another died over it'): Stage<MessageSubject> => ({
  name: 'poison-gate',
  exec: () => ({ kind: 'malformed', detail }),
});
