import type { sms } from 'tencentcloud-sdk-nodejs-sms';

/** The shapes of the SDK, which it exports in a way that only types of its client can reach. */
type Client = InstanceType<typeof sms.v20210111.Client>;
type RequestOf<Action extends 'SendSms' | 'DescribeSendRecordList'> = Parameters<Client[Action]>[0];
type ResponseOf<Action extends 'SendSms' | 'DescribeSendRecordList' | 'DescribeSmsTemplateList' | 'DescribeSmsSignList'> = Awaited<
  ReturnType<Client[Action]>
>;
type Item<List> = NonNullable<List> extends readonly (infer One)[] ? One : never;

export type SendSmsRequest = RequestOf<'SendSms'>;
export type SendSmsResponse = ResponseOf<'SendSms'>;
export type SendStatus = Item<SendSmsResponse['SendStatusSet']>;
export type SendRecordsResponse = ResponseOf<'DescribeSendRecordList'>;
export type SendRecord = Item<SendRecordsResponse['SendRecordSet']>;
export type TemplateStatus = Item<ResponseOf<'DescribeSmsTemplateList'>['DescribeTemplateStatusSet']>;
export type SignStatus = Item<ResponseOf<'DescribeSmsSignList'>['DescribeSignListStatusSet']>;
