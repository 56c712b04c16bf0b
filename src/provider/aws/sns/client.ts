import type { GetSMSAttributesCommandOutput, GetSMSSandboxAccountStatusCommandOutput, PublishCommandInput } from '@aws-sdk/client-sns';
import { readMessageId } from '../../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { Check, Provider, ProviderDeps, SmsMessage } from '../../contract/provider.ts';
import { type AwsReply, createAwsCaller, sdkOptions } from '../shared/aws-caller.ts';
import { checkAccess, isOpen, unanswered } from '../shared/check.ts';
import type { SnsConfig } from '../shared/config.ts';
import { classifySns } from './codes.ts';

/** The two queries of a check; neither sends a message. */
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
          ? 'SNS selects the sender'
          : 'SNS does not report where the sender ID may be used; some countries require registration',
    },
    RECEIPTS,
  ];
}

const RECEIPTS: Check = {
  subject: 'account',
  verdict: 'unchecked',
  detail: 'SNS sends no delivery receipts: messages end as "accepted", deliveries are in CloudWatch Logs only; aws-sms-voice reports more',
};

function checkSandbox({ IsInSandbox }: GetSMSSandboxAccountStatusCommandOutput): Check {
  if (typeof IsInSandbox !== 'boolean')
    return { subject: 'account', verdict: 'unchecked', detail: 'SNS did not report whether it is a sandbox' };
  return IsInSandbox
    ? {
        subject: 'account',
        verdict: 'warning',
        detail: 'in the SMS sandbox: only verified numbers receive messages; request production access from AWS',
      }
    : { subject: 'account', verdict: 'ok', detail: 'out of the SMS sandbox' };
}

function checkSpendLimit({ attributes }: GetSMSAttributesCommandOutput): Check {
  const limit = Number(attributes?.MonthlySpendLimit || Number.NaN);
  return Number.isFinite(limit)
    ? { subject: 'balance', verdict: 'ok', detail: `monthly limit USD ${limit}; SNS does not report how much of it is used` }
    : {
        subject: 'balance',
        verdict: 'unchecked',
        detail: 'no monthly spend limit is set; the limit of the account applies, by default USD 1',
      };
}

/**
 * Amazon SNS: the SDK signs requests and parses responses, our transport sends them. SNS has neither receipts nor a
 * status query, so `accepted` is final here; deliveries are in CloudWatch Logs:
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

/** Maximum length over all parts: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_CHARACTERS = 1600;

/** Builds the request: https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html */
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
