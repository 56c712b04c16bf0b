import type { HttpAnswer } from '../../../http-client/transport.ts';
import { type Check, checkClock, type Refused } from '../../contract/provider.ts';
import type { AwsReply } from './aws-caller.ts';
import { isDenial } from './common-codes.ts';

type Classify = (answer: HttpAnswer, error: unknown) => Refused;

/** Derives connection, credentials and clock from the first call of a check, whatever it queried. */
export function checkAccess(reply: AwsReply<unknown>, classify: Classify, now: Date): readonly Check[] {
  if (reply.kind === 'broken') return [checkBroken(reply.refused)];
  const { date } = reply.answer.headers;
  return [
    { subject: 'connection', verdict: 'ok', detail: 'AWS responds' },
    reply.kind === 'output'
      ? { subject: 'credentials', verdict: 'ok', detail: 'accepted by AWS' }
      : checkCredentials(classify(reply.answer, reply.error)),
    checkClock(date, now),
  ];
}

function checkBroken({ error }: Refused): Check {
  if (error.reason !== 'auth') {
    return { subject: 'connection', verdict: 'failed', detail: `incomplete response from AWS: ${error.code ?? error.reason}` };
  }
  return {
    subject: 'credentials',
    verdict: 'failed',
    detail:
      'none found: set accessKeyId and secretAccessKey, or provide them to the AWS chain through the environment, a profile or a role',
  };
}

function checkCredentials({ error }: Refused): Check {
  const said = error.code ?? `HTTP ${error.status}`;
  if (isDenial(error.code))
    return { subject: 'credentials', verdict: 'ok', detail: 'accepted by AWS, but without permission for some of these checks' };
  return error.reason === 'auth'
    ? { subject: 'credentials', verdict: 'failed', detail: `rejected by AWS: ${said}` }
    : { subject: 'credentials', verdict: 'unchecked', detail: `no conclusive response from AWS: ${said}` };
}

/** Whether further calls can succeed. */
export function isOpen(access: readonly Check[]): boolean {
  return access.every(({ subject, verdict }) => subject === 'clock' || verdict !== 'failed');
}

/** Result of a failed query. A denial by IAM is no fault: sending needs no permission to query. */
export function unanswered(
  subject: Check['subject'],
  action: string,
  reply: Exclude<AwsReply<unknown>, { kind: 'output' }>,
  classify: Classify,
): Check {
  const { error } = reply.kind === 'broken' ? reply.refused : classify(reply.answer, reply.error);
  const detail = isDenial(error.code)
    ? `the policy of these credentials does not allow ${action}`
    : `${action} failed: ${error.code ?? `HTTP ${error.status}`}`;
  return { subject, verdict: 'unchecked', detail };
}
