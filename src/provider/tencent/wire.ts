import type { sms } from 'tencentcloud-sdk-nodejs-sms';

type Client = InstanceType<typeof sms.v20210111.Client>;

/** The actions that are called, by their names in the SDK. */
export type Action = 'SendSms' | 'DescribeSendRecordList' | 'DescribeSmsTemplateList' | 'DescribeSmsSignList' | 'SendStatusStatistics';

/** The shapes of the SDK, which exports them only as types of its client's methods. */
export type RequestOf<Name extends Action> = Parameters<Client[Name]>[0];
export type ResponseOf<Name extends Action> = Awaited<ReturnType<Client[Name]>>;
type Item<List> = NonNullable<List> extends readonly (infer One)[] ? One : never;

export type SendStatus = Item<ResponseOf<'SendSms'>['SendStatusSet']>;
export type SendRecord = Item<ResponseOf<'DescribeSendRecordList'>['SendRecordSet']>;
export type TemplateStatus = Item<ResponseOf<'DescribeSmsTemplateList'>['DescribeTemplateStatusSet']>;
export type SignStatus = Item<ResponseOf<'DescribeSmsSignList'>['DescribeSignListStatusSet']>;
