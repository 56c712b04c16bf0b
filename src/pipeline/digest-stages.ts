import type { Digests } from '../ledger/digests.ts';
import type { KeptSlot } from '../limit/kept-slot.ts';
import type { CapRule } from '../limit/rate-cap.ts';
import { describeCounts } from './compose-digest.ts';
import { digestLaneOf, inManner, isOpen, mannerOf, sayDigest } from './digest-message.ts';
import { type Gatherer, newDigestId, paceOf } from './gather.ts';
import type { Message } from './message.ts';
import type { MessageSubject } from './message-stages.ts';
import { pass, type Stage } from './stage.ts';

export interface DigestDeps {
  readonly digests: Digests;
  readonly kept: KeptSlot;
  readonly open: Gatherer['open'];
  readonly rulesOf: (message: Message, leavesSlot?: boolean) => CapRule[];
  /** Of the recipient, where it is known. */
  readonly timeZoneOf: (message: Message) => string | undefined;
}

/** Lets a burst come together, and an empty digest wait for the end of the storm. What is in it by now decides how it is sent. */
export function createDigestReadyStage({ digests, kept, rulesOf }: DigestDeps): Stage<MessageSubject> {
  return {
    name: 'digest',
    async exec(subject, { clock }) {
      const { message } = subject;
      const now = clock.now();
      const gathering = isOpen(message) ? await digests.gathering(message.id, digestLaneOf(message)) : undefined;
      if (gathering === undefined) return pass;
      subject.message = inManner(message, gathering.as);
      const rules = rulesOf(subject.message);
      const { gatherMs, quietMs } = paceOf(rules);
      const { count, firstAt, stormAt } = gathering;
      const readyAt = count > 0 ? firstAt + gatherMs : stormAt + quietMs;
      if (now.getTime() < Math.min(readyAt, message.expiresAt)) return { kind: 'deferred', reason: 'digest', until: new Date(readyAt) };
      // A critical that waits for the kept slot goes first.
      subject.rules = rulesOf(subject.message, await kept.isAwaited(message.phoneHash, now));
      return pass;
    },
  };
}

/** It may go out: what it says is settled now, and what comes later is the next one's. */
export function createDigestCloseStage({ digests, kept, open, rulesOf, timeZoneOf }: DigestDeps): Stage<MessageSubject> {
  return {
    name: 'digest',
    async exec(subject, { clock, note }) {
      const { message } = subject;
      const { id, phoneHash } = message;
      const now = clock.now();
      const { quietMs } = paceOf(rulesOf(message));
      const as = mannerOf(message);
      const content = await digests.close(id, digestLaneOf(message), {
        nextId: newDigestId(),
        now,
        quietMs,
        severity: message.severity,
        as,
      });
      if (content === undefined) return isOpen(message) ? { kind: 'malformed', detail: 'nothing is left of what it gathered' } : pass;
      if (content.next !== undefined) await open(content.next, message, content.as, now, new Date(now.getTime() + quietMs));
      if (content.count === 0 && content.storm !== 'over') return { kind: 'suppressed', reason: 'digested', detail: 'nothing to tell of' };
      if (isOpen(message)) note({ stage: 'digest', verdict: 'closed', detail: `${content.count} alert(s): ${describeCounts(content)}` });
      const said = sayDigest(message, content, timeZoneOf(message));
      // Something graver came in at the last moment, perhaps by another route: it comes back at once, to find room as that would.
      if (said.severity !== message.severity) return { kind: 'deferred', reason: 'digest', until: now };
      subject.message = said;
      await kept.digestWent(phoneHash);
      return pass;
    },
  };
}
