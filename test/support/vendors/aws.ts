import { randomUUID } from 'node:crypto';
import type { Hit, Reply } from './http-vendor.ts';
import { type ScriptedVendor, startScriptedVendor, type VendorCall } from './scripted-vendor.ts';
import { type SignatureFault, type SigningAccount, verifySigV4 } from './sigv4.ts';

/** One call of an AWS service, or what was meant to be one. */
export interface AwsHit extends VendorCall {
  /** Such as `Publish`. */
  readonly action: string;
  /** The parameters: form fields of SNS, the JSON of End User Messaging. */
  readonly params: Readonly<Record<string, unknown>>;
}

export type FakeAws = ScriptedVendor<AwsHit>;

export interface FakeAwsAccount extends Omit<SigningAccount, 'service'> {
  /** The service's clock; the real time unless told. */
  readonly now?: () => Date;
}

interface Service {
  readonly name: string;
  /** Action and parameters; `undefined` for a request in another format. */
  parse(hit: Hit): Pick<AwsHit, 'action' | 'params'> | undefined;
  refusalOf(fault: SignatureFault | 'format'): Reply;
  /** For a parameter that is missing or wrong. */
  fault(call: Pick<AwsHit, 'action' | 'params'>): Reply | undefined;
  yes(call: Pick<AwsHit, 'action' | 'params'>): Reply;
}

async function startFakeAws({ now = () => new Date(), ...account }: FakeAwsAccount, service: Service): Promise<FakeAws> {
  const dated = (reply: Reply): Reply =>
    typeof reply === 'string' ? reply : { ...reply, headers: { date: now().toUTCString(), ...reply.headers } };
  return startScriptedVendor<AwsHit>((hit) => {
    const call = service.parse(hit) ?? { action: '', params: {} };
    const fault = verifySigV4(hit, { ...account, service: service.name }, now()) ?? (call.action === '' ? 'format' : undefined);
    const refusal = fault === undefined ? service.fault(call) : service.refusalOf(fault);
    return { call, refusal, usual: () => service.yes(call) };
  }, dated);
}

/** SNS: form in, XML out. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export function startFakeSns(account: FakeAwsAccount): Promise<FakeAws> {
  return startFakeAws(account, {
    name: 'sns',
    parse({ method, headers, body }) {
      if (method !== 'POST' || !headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return undefined;
      const { Action = '', Version, ...params } = Object.fromEntries(new URLSearchParams(body));
      return Version === '2010-03-31' ? { action: Action, params } : undefined;
    },
    refusalOf: (fault) => snsError(...QUERY_FAULTS[fault]),
    fault({ action, params }) {
      if (action !== 'Publish') return undefined;
      const { PhoneNumber, Message } = params;
      if (!/^\+[1-9]\d{1,14}$/.test(String(PhoneNumber))) {
        return snsError(400, 'InvalidParameter', `Invalid parameter: PhoneNumber Reason: ${PhoneNumber} is not valid to publish to`);
      }
      return Message ? undefined : snsError(400, 'InvalidParameter', 'Invalid parameter: Empty message');
    },
    yes: ({ action }) => snsYes(action, SNS_RESULTS[action] ?? ''),
  });
}

const SNS_RESULTS: Readonly<Record<string, string>> = {
  get Publish() {
    return `<MessageId>${randomUUID()}</MessageId>`;
  },
  GetSMSSandboxAccountStatus: '<IsInSandbox>false</IsInSandbox>',
  GetSMSAttributes: '<attributes><entry><key>MonthlySpendLimit</key><value>50</value></entry></attributes>',
};

const QUERY_FAULTS: Readonly<Record<SignatureFault | 'format', readonly [number, string, string]>> = {
  missing: [403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
  incomplete: [400, 'IncompleteSignature', 'Authorization header requires existence of more than it has.'],
  unknown_key: [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.'],
  expired: [403, 'SignatureDoesNotMatch', 'Signature expired: it is now earlier than five minutes ago'],
  mismatch: [403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.'],
  format: [400, 'InvalidAction', 'Could not find operation for version NO_VERSION_SPECIFIED'],
};

/** A yes as SNS words it; `result` is what goes into `<PublishResult>`. */
export function snsYes(action: string, result: string): Reply & object {
  const body = `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/">\n  <${action}Result>\n    ${result}\n  </${action}Result>\n  <ResponseMetadata>\n    <RequestId>${randomUUID()}</RequestId>\n  </ResponseMetadata>\n</${action}Response>\n`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

/** A refusal as SNS words it, such as `snsError(400, 'Throttling', 'Rate exceeded')`. */
export function snsError(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Reply & object {
  const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId>${randomUUID()}</RequestId>\n</ErrorResponse>\n`;
  return { status, headers: { 'content-type': 'text/xml', ...headers }, body };
}

/** End User Messaging: JSON both ways. https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html */
export function startFakeSmsVoice(account: FakeAwsAccount): Promise<FakeAws> {
  return startFakeAws(account, {
    name: 'sms-voice',
    parse({ method, headers, body }) {
      const [service, action = ''] = String(headers['x-amz-target']).split('.');
      if (method !== 'POST' || headers['content-type'] !== 'application/x-amz-json-1.0' || service !== 'PinpointSMSVoiceV2')
        return undefined;
      return { action, params: JSON.parse(body) as Record<string, unknown> };
    },
    refusalOf: (fault) => smsVoiceError(...JSON_FAULTS[fault]),
    fault({ action, params }) {
      if (action !== 'SendTextMessage') return undefined;
      const { DestinationPhoneNumber, MessageBody, TimeToLive = 5 } = params;
      const invalid = (Name: string) =>
        smsVoiceError(400, 'ValidationException', { Reason: 'FIELD_VALIDATION_FAILED', Fields: [{ Name, Message: 'is not valid' }] });
      if (!/^\+?[1-9][0-9]{1,18}$/.test(String(DestinationPhoneNumber))) return invalid('DestinationPhoneNumber');
      if (typeof MessageBody !== 'string' || !/^.{1,1600}$/su.test(MessageBody)) return invalid('MessageBody');
      if (!Number.isInteger(TimeToLive) || Number(TimeToLive) < 5 || Number(TimeToLive) > 259_200) return invalid('TimeToLive');
      return undefined;
    },
    yes: ({ action }) => smsVoiceYes(action === 'SendTextMessage' ? { MessageId: randomUUID() } : (SMS_VOICE_RESULTS[action] ?? {})),
  });
}

const SMS_VOICE_RESULTS: Readonly<Record<string, unknown>> = {
  DescribeAccountAttributes: { AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'PRODUCTION' }] },
  DescribeSpendLimits: {
    SpendLimits: [{ Name: 'TEXT_MESSAGE_MONTHLY_SPEND_LIMIT', EnforcedLimit: 50, MaxLimit: 100, Overridden: true }],
  },
  DescribePhoneNumbers: { PhoneNumbers: [] },
  DescribeSenderIds: { SenderIds: [] },
  DescribePools: { Pools: [] },
};

const JSON_FAULTS: Readonly<Record<SignatureFault | 'format', readonly [number, string]>> = {
  missing: [400, 'MissingAuthenticationTokenException'],
  incomplete: [400, 'IncompleteSignatureException'],
  unknown_key: [400, 'UnrecognizedClientException'],
  expired: [400, 'InvalidSignatureException'],
  mismatch: [400, 'InvalidSignatureException'],
  format: [404, 'UnknownOperationException'],
};

export function smsVoiceYes(result: unknown): Reply & object {
  return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(result) };
}

/** A refusal as End User Messaging words it, such as `smsVoiceError(400, 'ConflictException', { Reason: '…' })`. */
export function smsVoiceError(
  status: number,
  type: string,
  more: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Reply & object {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
    body: JSON.stringify({ __type: `com.amazonaws.pinpointsmsvoicev2#${type}`, Message: 'said by AWS', ...more }),
  };
}
