import { putAckCode } from '../../alert/ack-code.ts';
import { hash, resolvedMessageId } from '../../alert/id.ts';
import { countSegments } from '../../alert/segments.ts';
import { renderText } from '../../alert/text.ts';
import type { Message } from '../message.ts';
import { shapeContent, shapingOf } from '../sending/shape-message.ts';

/**
 * The text that what another one told of is over, to the same phone by the same route and for as long. It is an `info`,
 * whatever the problem was: it goes out last, waits for room that criticals leave, and wakes nobody at night. It is never
 * sent again in doubt, for it is promised at most once. Ends of its dedup key do not touch it: it has one of its own.
 * @param at when that was resolved, ms
 */
export function resolvedMessage(firing: Message, at: number): Message {
  const { template, ackCode, resolvedTexts, notBefore, replay, dedupeForMs, ...rest } = firing;
  const { instance } = firing.variables;
  const content = putAckCode(firing.variables.content, '-');
  const said = {
    text: renderText({ severity: 'resolved', text: content, instance: instance === '' ? undefined : instance }),
    variables: { instance, priority: 'RESOLVED', content },
  };
  return {
    ...rest,
    ...said,
    id: resolvedMessageId(firing.id),
    severity: 'info',
    segments: countSegments(shapeContent({ ...said, ...shapingOf(firing) }, 'gsm7').text),
    receivedAt: at,
    expiresAt: at + (firing.expiresAt - firing.receivedAt),
    dedupHash: hash('resolved', firing.dedupHash),
    onUnknown: 'hold',
  };
}
