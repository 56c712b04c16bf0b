import type { PublishCommandInput } from '@aws-sdk/client-sns';
import { readMessageId } from '../../../http-client/read-answer.ts';
import type { Provider, SmsMessage } from '../../contract/provider.ts';
import type { ProviderDeps } from '../../contract/provider-deps.ts';
import { createAwsCaller, sdkOptions } from '../shared/aws-caller.ts';
import type { SnsConfig } from '../shared/config.ts';
import { checkSns } from './check.ts';
import { classifySns } from './codes.ts';

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
