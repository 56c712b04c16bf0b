import { quietUntil } from '../../policy/quiet-hours.ts';
import type { MessageSubject } from '../sending/message-stages.ts';
import { pass, type Stage, unconcerned } from '../stage.ts';
import type { HoldBack } from './hold-back.ts';

/** Asked on each run: whatever else a message waited for, it may come back at night. */
export function createQuietHoursStage(holdBack: HoldBack): Stage<MessageSubject> {
  return {
    name: 'quiet-hours',
    exec({ message, unknowns }, ctx) {
      if (message.quietHours === undefined) return unconcerned;
      const until = quietUntil(message.quietHours, message.severity, ctx.clock.now());
      if (until === undefined) return pass;
      // One that may have gone out already must not be told of as well, nor be called unsent.
      if (unknowns > 0) return { kind: 'deferred', reason: 'quiet_hours', until };
      return holdBack(message, { reason: 'quiet_hours' }, until, ctx);
    },
  };
}
