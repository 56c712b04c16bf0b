import type { SendTextMessageCommandInput } from '@aws-sdk/client-pinpoint-sms-voice-v2';
import { readMessageId } from '../../../http-client/read-answer.ts';
import { type Provider, type ProviderDeps, type SmsMessage, secondsLeft } from '../../contract/provider.ts';
import { createAwsCaller, sdkOptions } from '../shared/aws-caller.ts';
import type { AwsSmsVoiceConfig } from '../shared/config.ts';
import { checkSmsVoice } from './check.ts';
import { classifySmsVoice } from './codes.ts';

/** Minimum in seconds: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html */
const MIN_TIME_TO_LIVE_S = 5;
const MAX_TIME_TO_LIVE_S = 259_200;

/** Maximum length: https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html */
const MAX_CHARACTERS = 1600;

/**
 * AWS End User Messaging SMS: the SDK signs requests and parses responses, our transport sends them. Delivery events go
 * to the event destinations of a configuration set (CloudWatch, Firehose or SNS) with our message id in
 * `context.messageId`. None of them calls the receiver, and the API has no status query, so `accepted` is final here:
 * https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
 */
export async function createAwsSmsVoiceProvider(name: string, config: AwsSmsVoiceConfig, { clock }: ProviderDeps): Promise<Provider> {
  const sdk = await import('@aws-sdk/client-pinpoint-sms-voice-v2');
  const caller = createAwsCaller(config);
  const client = new sdk.PinpointSMSVoiceV2Client(sdkOptions(config, caller));
  const { credentials } = client.config;

  return {
    name,
    maxCharacters: MAX_CHARACTERS,
    async send(message, signal) {
      const input = toSendTextInput(message, config, clock.now());
      const reply = await caller.call(credentials, (options) => client.send(new sdk.SendTextMessageCommand(input), options), signal);
      if (reply.kind === 'broken') return reply.refused;
      const providerMessageId = reply.kind === 'output' ? readMessageId(reply.output.MessageId) : undefined;
      return providerMessageId === undefined ? classifySmsVoice(reply.answer, clock.now()) : { kind: 'accepted', providerMessageId };
    },
    check: (signal) =>
      checkSmsVoice(
        {
          accountAttributes: () =>
            caller.call(credentials, (options) => client.send(new sdk.DescribeAccountAttributesCommand({}), options), signal),
          spendLimits: () => caller.call(credentials, (options) => client.send(new sdk.DescribeSpendLimitsCommand({}), options), signal),
          phoneNumbers: (page) =>
            caller.call(credentials, (options) => client.send(new sdk.DescribePhoneNumbersCommand(page), options), signal),
          senderIds: (page) => caller.call(credentials, (options) => client.send(new sdk.DescribeSenderIdsCommand(page), options), signal),
          pools: (page) => caller.call(credentials, (options) => client.send(new sdk.DescribePoolsCommand(page), options), signal),
        },
        config,
        clock.now,
      ),
    close: () => caller.close(),
  };
}

function toSendTextInput({ id, to, text, expiresAt }: SmsMessage, config: AwsSmsVoiceConfig, now: Date): SendTextMessageCommandInput {
  const { originationIdentity, messageType, configurationSet, maxPrice } = config;
  return {
    DestinationPhoneNumber: to,
    ...(originationIdentity === undefined ? {} : { OriginationIdentity: originationIdentity }),
    MessageBody: text,
    MessageType: messageType,
    ...(configurationSet === undefined ? {} : { ConfigurationSetName: configurationSet }),
    ...(maxPrice === undefined ? {} : { MaxPrice: maxPrice.toFixed(5) }),
    TimeToLive: secondsLeft(expiresAt, now, MIN_TIME_TO_LIVE_S, MAX_TIME_TO_LIVE_S),
    Context: { messageId: id },
  };
}
