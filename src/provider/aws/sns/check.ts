import type { GetSMSAttributesCommandOutput, GetSMSSandboxAccountStatusCommandOutput } from '@aws-sdk/client-sns';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { Check } from '../../contract/provider.ts';
import type { AwsReply } from '../shared/aws-caller.ts';
import { checkAccess, isOpen, unanswered } from '../shared/check.ts';
import type { SnsConfig } from '../shared/config.ts';
import { classifySns } from './codes.ts';

/** The two questions of a check; neither sends a text. */
export interface SnsQuestions {
  /** https://docs.aws.amazon.com/sns/latest/api/API_GetSMSSandboxAccountStatus.html */
  sandboxStatus(): Promise<AwsReply<GetSMSSandboxAccountStatusCommandOutput>>;
  /** https://docs.aws.amazon.com/sns/latest/api/API_GetSMSAttributes.html */
  smsAttributes(): Promise<AwsReply<GetSMSAttributesCommandOutput>>;
}

export async function checkSns(ask: SnsQuestions, { senderId }: SnsConfig, now: () => Date): Promise<readonly Check[]> {
  const classify = (answer: HttpAnswer, error: unknown) => classifySns(answer, error, now());
  const status = await ask.sandboxStatus();
  const access = checkAccess(status, classify, now());
  if (!isOpen(access)) return access;
  const attributes = await ask.smsAttributes();
  return [
    ...access,
    status.kind === 'output' ? checkSandbox(status.output) : unanswered('account', 'sns:GetSMSSandboxAccountStatus', status, classify),
    attributes.kind === 'output' ? checkSpendLimit(attributes.output) : unanswered('balance', 'sns:GetSMSAttributes', attributes, classify),
    {
      subject: 'sender',
      verdict: 'unchecked',
      detail:
        senderId === undefined
          ? 'SNS chooses the sender'
          : 'SNS does not say where the sender ID may be used; some countries want it registered',
    },
    RECEIPTS,
  ];
}

const RECEIPTS: Check = {
  subject: 'account',
  verdict: 'unchecked',
  detail:
    'SNS takes texts and reports nothing back: "accepted" is the last word here, deliveries are in CloudWatch Logs only; aws-sms-voice knows more',
};

function checkSandbox({ IsInSandbox }: GetSMSSandboxAccountStatusCommandOutput): Check {
  if (typeof IsInSandbox !== 'boolean')
    return { subject: 'account', verdict: 'unchecked', detail: 'SNS does not say whether it is a sandbox' };
  return IsInSandbox
    ? { subject: 'account', verdict: 'warning', detail: 'in the SMS sandbox: only verified numbers get texts; ask AWS to move it out' }
    : { subject: 'account', verdict: 'ok', detail: 'out of the SMS sandbox' };
}

function checkSpendLimit({ attributes }: GetSMSAttributesCommandOutput): Check {
  const limit = Number(attributes?.MonthlySpendLimit || Number.NaN);
  return Number.isFinite(limit)
    ? { subject: 'balance', verdict: 'ok', detail: `texts stop at USD ${limit} a month; SNS does not say how much of it is spent` }
    : {
        subject: 'balance',
        verdict: 'unchecked',
        detail: 'no monthly spend limit of its own is set; the account has one, by default USD 1',
      };
}
