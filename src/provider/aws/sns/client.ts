import type { GetSMSAttributesCommandOutput, GetSMSSandboxAccountStatusCommandOutput, PublishCommandInput } from '@aws-sdk/client-sns';
import { readMessageId } from '../../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { Check, Provider, ProviderDeps, SmsMessage } from '../../contract/provider.ts';
import { type AwsReply, createAwsCaller, sdkOptions } from '../shared/aws-caller.ts';
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

/**
 * Amazon SNS: the SDK signs and reads, our transport carries. SNS is accept-only: it calls nobody back and cannot be
 * asked what became of a text, so a message ends as `accepted`; deliveries are in CloudWatch Logs:
 * https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
 */
export async function createSnsProvider(name: string, config: SnsConfig, { clock }: ProviderDeps): Promise<Provider> {
  const { GetSMSAttributesCommand, GetSMSSandboxAccountStatusCommand, PublishCommand, SNSClient } = await import('@aws-sdk/client-sns');
  const caller = createAwsCaller(config);
  const client = new SNSClient(sdkOptions(config, caller));
  const { credentials } = client.config;

  return {
    name,
    maxCharacters: MAX_CHARACTERS,
    async send(message, signal) {
      const input = toPublishInput(message, config);
      const reply = await caller.call(credentials, (options) => client.send(new PublishCommand(input), options), signal);
      if (reply.kind === 'broken') return reply.refused;
      if (reply.kind === 'error') return classifySns(reply.answer, reply.error, clock.now());
      const providerMessageId = readMessageId(reply.output.MessageId);
      return providerMessageId === undefined ? classifySns(reply.answer, undefined, clock.now()) : { kind: 'accepted', providerMessageId };
    },
    check: (signal) =>
      checkSns(
        {
          sandboxStatus: () =>
            caller.call(credentials, (options) => client.send(new GetSMSSandboxAccountStatusCommand({}), options), signal),
          smsAttributes: () =>
            caller.call(
              credentials,
              (options) => client.send(new GetSMSAttributesCommand({ attributes: ['MonthlySpendLimit'] }), options),
              signal,
            ),
        },
        config,
        clock.now,
      ),
    close: () => caller.close(),
  };
}

/** In all its parts: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_CHARACTERS = 1600;

/** https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html */
function toPublishInput({ to, text }: SmsMessage, { smsType, senderId, maxPrice }: SnsConfig): PublishCommandInput {
  return {
    PhoneNumber: to,
    Message: text,
    MessageAttributes: {
      'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: smsType },
      ...(senderId === undefined ? {} : { 'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: senderId } }),
      ...(maxPrice === undefined ? {} : { 'AWS.SNS.SMS.MaxPrice': { DataType: 'Number', StringValue: String(maxPrice) } }),
    },
  };
}
