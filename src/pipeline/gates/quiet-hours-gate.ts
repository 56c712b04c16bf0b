import { quietUntil } from '../../policy/quiet-hours.ts';
import type { MessageSubject } from '../sending/message-run.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';
import type { HoldBack } from './hold-back.ts';

/** Runs on every try, because a message that waited for another reason may come back at night. */
export function createQuietHoursStage(holdBack: HoldBack): Stage<MessageSubject> {
  return {
    name: 'quiet-hours',
    exec({ message, unknowns }, ctx) {
      if (message.quietHours === undefined) return unconcerned;
      const until = quietUntil(message.quietHours, message.severity, ctx.clock.now());
      if (until === undefined) return pass;
      // A message that may have been sent must not be part of a digest, nor be reported as unsent.
      if (unknowns > 0) return { kind: 'deferred', reason: 'quiet_hours', until };
      return holdBack(message, { reason: 'quiet_hours' }, until, ctx);
    },
  };
}
