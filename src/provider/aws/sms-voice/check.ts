import type {
  DescribeAccountAttributesCommandOutput,
  DescribePhoneNumbersCommandOutput,
  DescribePoolsCommandOutput,
  DescribeSenderIdsCommandOutput,
  DescribeSpendLimitsCommandOutput,
} from '@aws-sdk/client-pinpoint-sms-voice-v2';
import type { HttpAnswer } from '../../../http-client/transport.ts';
import type { Check } from '../../contract/provider.ts';
import type { AwsReply } from '../shared/aws-caller.ts';
import { checkAccess, isOpen, unanswered } from '../shared/check.ts';
import type { AwsSmsVoiceConfig } from '../shared/config.ts';
import { classifySmsVoice } from './codes.ts';

interface Page {
  readonly MaxResults: number;
}

/**
 * Queries of a check; none sends a message.
 * https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_Operations.html
 */
export interface SmsVoiceQuestions {
  accountAttributes(): Promise<AwsReply<DescribeAccountAttributesCommandOutput>>;
  spendLimits(): Promise<AwsReply<DescribeSpendLimitsCommandOutput>>;
  phoneNumbers(page: Page): Promise<AwsReply<DescribePhoneNumbersCommandOutput>>;
  senderIds(page: Page): Promise<AwsReply<DescribeSenderIdsCommandOutput>>;
  pools(page: Page): Promise<AwsReply<DescribePoolsCommandOutput>>;
}

/** Fifty senders are about 30 KB; the transport reads up to 64. */
const PAGE: Page = { MaxResults: 50 };

const classify = (now: () => Date) => (answer: HttpAnswer) => classifySmsVoice(answer, now());

export async function checkSmsVoice(
  ask: SmsVoiceQuestions,
  { originationIdentity }: AwsSmsVoiceConfig,
  now: () => Date,
): Promise<readonly Check[]> {
  const attributes = await ask.accountAttributes();
  const access = checkAccess(attributes, classify(now), now());
  if (!isOpen(access)) return access;
  const limits = await ask.spendLimits();
  return [
    ...access,
    attributes.kind === 'output'
      ? checkTier(attributes.output)
      : unanswered('account', 'sms-voice:DescribeAccountAttributes', attributes, classify(now)),
    limits.kind === 'output'
      ? checkSpendLimit(limits.output)
      : unanswered('balance', 'sms-voice:DescribeSpendLimits', limits, classify(now)),
    await checkSender(ask, originationIdentity, now),
  ];
}

function checkTier({ AccountAttributes }: DescribeAccountAttributesCommandOutput): Check {
  const tier = AccountAttributes?.find(({ Name }) => Name === 'ACCOUNT_TIER')?.Value;
  if (tier === 'PRODUCTION') return { subject: 'account', verdict: 'ok', detail: 'out of the sandbox' };
  return tier === 'SANDBOX'
    ? {
        subject: 'account',
        verdict: 'warning',
        detail: 'in the sandbox: only verified numbers receive messages; request production access from AWS',
      }
    : { subject: 'account', verdict: 'unchecked', detail: 'AWS did not report whether it is a sandbox' };
}

function checkSpendLimit({ SpendLimits }: DescribeSpendLimitsCommandOutput): Check {
  const limit = SpendLimits?.find(({ Name }) => Name === 'TEXT_MESSAGE_MONTHLY_SPEND_LIMIT')?.EnforcedLimit;
  return typeof limit === 'number'
    ? { subject: 'balance', verdict: 'ok', detail: `monthly limit USD ${limit}; AWS does not report how much of it is used` }
    : { subject: 'balance', verdict: 'unchecked', detail: 'AWS reports no monthly limit for SMS' };
}

async function checkSender(ask: SmsVoiceQuestions, identity: string | undefined, now: () => Date): Promise<Check> {
  if (identity === undefined) return { subject: 'sender', verdict: 'unchecked', detail: 'AWS chooses one of the account for each message' };
  const { action, reply } = await findSenders(ask, identity);
  if (reply.kind !== 'output') return unanswered('sender', `sms-voice:${action}`, reply, classify(now));
  const { senders, more } = reply.output;
  const found = senders.find(({ names }) => names.includes(identity));
  if (found === undefined) return missing(identity, more);
  return found.active
    ? { subject: 'sender', verdict: 'ok', detail: 'exists in this account' }
    : { subject: 'sender', verdict: 'failed', detail: 'exists in this account, but is not active' };
}

function missing(identity: string, more: boolean): Check {
  // Resources shared by other accounts are not in this list:
  // https://docs.aws.amazon.com/sms-voice/latest/userguide/shared-resources.html
  if (more || identity.startsWith('arn:')) {
    return {
      subject: 'sender',
      verdict: 'unchecked',
      detail: "not on the first page of the account's list; it may be on a later one, or shared",
    };
  }
  return { subject: 'sender', verdict: 'failed', detail: 'no such number, sender ID or pool in this account and region' };
}

interface Sender {
  /** All values of `originationIdentity` that refer to it. */
  readonly names: readonly (string | undefined)[];
  readonly active: boolean;
}

interface Senders {
  readonly senders: readonly Sender[];
  readonly more: boolean;
}

/** Finds an identity: a number, a sender ID or a pool, by its id or its ARN; its format shows which. */
async function findSenders(
  ask: SmsVoiceQuestions,
  identity: string,
): Promise<{ readonly action: string; readonly reply: AwsReply<Senders> }> {
  if (/^\+?\d+$|(^|\/)phone-/.test(identity))
    return { action: 'DescribePhoneNumbers', reply: read(await ask.phoneNumbers(PAGE), toNumbers) };
  if (/(^|\/)pool-/.test(identity)) return { action: 'DescribePools', reply: read(await ask.pools(PAGE), toPools) };
  return { action: 'DescribeSenderIds', reply: read(await ask.senderIds(PAGE), toSenderIds) };
}

function read<Output>(reply: AwsReply<Output>, convert: (output: Output) => Senders): AwsReply<Senders> {
  return reply.kind === 'output' ? { ...reply, output: convert(reply.output) } : reply;
}

function toNumbers({ PhoneNumbers = [], NextToken }: DescribePhoneNumbersCommandOutput): Senders {
  const senders = PhoneNumbers.map(({ PhoneNumber, PhoneNumberId, PhoneNumberArn, Status }) => ({
    names: [PhoneNumber, PhoneNumberId, PhoneNumberArn],
    active: Status === 'ACTIVE',
  }));
  return { senders, more: NextToken !== undefined };
}

function toPools({ Pools = [], NextToken }: DescribePoolsCommandOutput): Senders {
  return {
    senders: Pools.map(({ PoolId, PoolArn, Status }) => ({ names: [PoolId, PoolArn], active: Status === 'ACTIVE' })),
    more: NextToken !== undefined,
  };
}

/** Converts sender IDs, which have no status, only countries in which they may be used. */
function toSenderIds({ SenderIds = [], NextToken }: DescribeSenderIdsCommandOutput): Senders {
  return {
    senders: SenderIds.map(({ SenderId, SenderIdArn }) => ({ names: [SenderId, SenderIdArn], active: true })),
    more: NextToken !== undefined,
  };
}
