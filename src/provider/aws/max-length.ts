import { ProviderError, type SmsMessage } from '../provider.ts';

/**
 * Both services take 1600 characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html ,
 * https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html . Which characters they
 * count they do not say; by code points there are fewest, so what is too long is so however they count.
 */
const MAX_CHARACTERS = 1_600;

export function refuseTooLong({ text }: SmsMessage): ProviderError | undefined {
  return [...text].length > MAX_CHARACTERS ? new ProviderError('content', { code: 'TOO_LONG' }) : undefined;
}
