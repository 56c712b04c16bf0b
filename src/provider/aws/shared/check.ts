import type { HttpAnswer } from '../../../http-client/transport.ts';
import { type Check, checkClock, type Refused } from '../../contract/provider.ts';
import type { AwsReply } from './aws-caller.ts';
import { isDenial } from './common-codes.ts';

type Classify = (answer: HttpAnswer, error: unknown) => Refused;

/** What the first call of a check tells, whatever it asked for: is AWS there, does it know our keys, what time is it there. */
export function checkAccess(reply: AwsReply<unknown>, classify: Classify, now: Date): readonly Check[] {
  if (reply.kind === 'broken') return [checkBroken(reply.refused)];
  const { date } = reply.answer.headers;
  return [
    { subject: 'connection', verdict: 'ok', detail: 'AWS answers' },
    reply.kind === 'output'
      ? { subject: 'credentials', verdict: 'ok', detail: 'AWS takes them' }
      : checkCredentials(classify(reply.answer, reply.error)),
    checkClock(date, now),
  ];
}

function checkBroken({ error }: Refused): Check {
  if (error.reason !== 'auth') {
    return { subject: 'connection', verdict: 'failed', detail: `AWS gives no whole answer: ${error.code ?? error.reason}` };
  }
  return {
    subject: 'credentials',
    verdict: 'failed',
    detail: 'none found: set accessKeyId and secretAccessKey, or give the AWS chain an environment, a profile or a role to find them in',
  };
}

function checkCredentials({ error }: Refused): Check {
  const said = error.code ?? `HTTP ${error.status}`;
  if (isDenial(error.code))
    return { subject: 'credentials', verdict: 'ok', detail: 'AWS takes them, though not for every question asked here' };
  return error.reason === 'auth'
    ? { subject: 'credentials', verdict: 'failed', detail: `AWS refuses them: ${said}` }
    : { subject: 'credentials', verdict: 'unchecked', detail: `AWS does not answer the question: ${said}` };
}

/** Is there any sense in asking more? */
export function isOpen(access: readonly Check[]): boolean {
  return access.every(({ subject, verdict }) => subject === 'clock' || verdict !== 'failed');
}

/** A question that AWS did not answer. To be denied it by IAM is no fault: a sender needs no right to ask. */
export function unanswered(
  subject: Check['subject'],
  action: string,
  reply: Exclude<AwsReply<unknown>, { kind: 'output' }>,
  classify: Classify,
): Check {
  const { error } = reply.kind === 'broken' ? reply.refused : classify(reply.answer, reply.error);
  const detail = isDenial(error.code)
    ? `the policy of these credentials does not allow ${action}`
    : `${action} was not answered: ${error.code ?? `HTTP ${error.status}`}`;
  return { subject, verdict: 'unchecked', detail };
}
