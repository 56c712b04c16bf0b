import { readMessageId, safeCode } from '../../http-client/read-answer.ts';
import { ProviderError, type ProviderReason, type StatusQuery, unclear, type VendorStatus } from '../contract/provider.ts';
import type { Loose, ResponseOf, SendRecord, TencentApi } from './api.ts';
import { showCode } from './codes.ts';
import type { TencentConfig } from './config.ts';
import { TENCENT_RECEIPT_CODES } from './receipt.ts';

/** Retention of the records. */
const KEPT_MS = 72 * 3_600_000;
/** Maximum number of records in one response; no phone gets as many messages in the queried minutes. */
const PAGE = 50;
/** Larger clock differences make Tencent reject the signature, so none of our messages is recorded beyond this window. */
const MAX_SKEW_MS = 5 * 60_000;
/** Usual clock difference; a message outside of it is not taken for ours. */
const USUAL_SKEW_MS = 5_000;
/** Time after the attempt's deadline until a record surely is in the list. */
const SETTLED_MS = 60_000;

/** Value of SendStatus. */
const SUBMIT_FAILED = 1;
const DELIVERED = 2;
const UNDERWAY = 3;
const UNDELIVERED = 4;

/** Time window, in ms since the epoch, in which the attempt may have reached Tencent by Tencent's clock. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

function windowOf(sentAt: Date, timeoutMs: number, skewMs: number): Window {
  return { fromMs: sentAt.getTime() - skewMs, untilMs: sentAt.getTime() + timeoutMs + skewMs };
}

/**
 * Searches the send records of the phone: https://cloud.tencent.com/document/api/382/137245 Tencent stores no reference
 * of ours, so a message without a serial number is identified by phone and time.
 */
export async function askTencentStatus(
  query: StatusQuery,
  api: TencentApi,
  { appId, timeoutMs }: TencentConfig,
  now: Date,
  signal: AbortSignal,
): Promise<VendorStatus> {
  const { to, sentAt } = query;
  const { fromMs, untilMs } = windowOf(sentAt, timeoutMs, MAX_SKEW_MS);
  if (to === undefined) return unclear('PHONE_NOT_KNOWN');
  if (now.getTime() - fromMs >= KEPT_MS) return unclear('RECORDS_TOO_OLD');
  const reply = await api.ask(
    'DescribeSendRecordList',
    {
      PhoneNumber: to,
      SmsSdkAppId: appId,
      BeginTime: Math.floor(fromMs / 1000),
      // Default = now by Tencent's clock; a later time is an error.
      ...(untilMs < now.getTime() ? { EndTime: Math.ceil(untilMs / 1000) } : {}),
      Limit: PAGE,
      Offset: 0,
    },
    signal,
  );
  if (reply.kind === 'refused') return unclear(reply.error);
  const records = readRecords(reply.said);
  return records === undefined
    ? unclear(new ProviderError('unknown_outcome', { status: reply.answer.status }))
    : judgeRecords(records, query, timeoutMs, now);
}

/** Returns all records; `undefined` when there are more, or one is unreadable. */
function readRecords({ SendRecordSet, TotalCount }: Loose<ResponseOf<'DescribeSendRecordList'>>): readonly Loose<SendRecord>[] | undefined {
  if (!Array.isArray(SendRecordSet) || TotalCount !== SendRecordSet.length) return undefined;
  const isRecord = (record: Loose<SendRecord> | null) =>
    typeof record === 'object' && record !== null && Number.isInteger(record.SendStatus) && Number.isInteger(record.SendTime);
  return SendRecordSet.every(isRecord) ? SendRecordSet : undefined;
}

function judgeRecords(records: readonly Loose<SendRecord>[], query: StatusQuery, timeoutMs: number, now: Date): VendorStatus {
  const { providerMessageId, sentAt } = query;
  if (providerMessageId !== undefined) {
    const own = records.find(({ SerialNo }) => SerialNo === providerMessageId);
    // Tencent assigned that serial number, so a list without it is incomplete.
    return own === undefined ? unclear('RECORD_NOT_FOUND') : readStatus(own);
  }

  // A record that failed to be submitted was never sent, whichever attempt it was.
  const sent = records.filter(({ SendStatus }) => SendStatus !== SUBMIT_FAILED);
  const candidates = sent.filter((record) => isWithin(record, windowOf(sentAt, timeoutMs, MAX_SKEW_MS)));
  if (candidates.length === 0) {
    const isSettled = now.getTime() - sentAt.getTime() >= timeoutMs + SETTLED_MS;
    return isSettled ? { kind: 'absent' } : unclear('RECORDS_NOT_SETTLED');
  }
  const [only, ...others] = candidates;
  const isOwn = only !== undefined && others.length === 0 && isWithin(only, windowOf(sentAt, timeoutMs, USUAL_SKEW_MS));
  // Several records, or one at an unlikely time: it may belong to another alert to the same phone.
  return isOwn ? readStatus(only) : unclear('RECORDS_AMBIGUOUS');
}

function isWithin({ SendTime }: Loose<SendRecord>, { fromMs, untilMs }: Window): boolean {
  const at = (SendTime as number) * 1000;
  // Records have whole seconds: second 7 may be 7.999.
  return at + 999 >= fromMs && at <= untilMs;
}

function readStatus({ SerialNo, SendStatus, RequestCode, StatusCode, UserReceiveTime }: Loose<SendRecord>): VendorStatus {
  const providerMessageId = readMessageId(SerialNo);
  const known = providerMessageId === undefined ? {} : { providerMessageId };
  const failed = (code: string | undefined, reason?: ProviderReason): VendorStatus => ({
    kind: 'undelivered',
    ...known,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  });
  switch (SendStatus) {
    case SUBMIT_FAILED:
      return failed(showCode(RequestCode));
    case DELIVERED: {
      const seconds = Number.isInteger(UserReceiveTime) ? (UserReceiveTime as number) : 0;
      return { kind: 'delivered', ...known, ...(seconds > 0 ? { at: new Date(seconds * 1000) } : {}) };
    }
    case UNDERWAY:
      return { kind: 'pending', ...known };
    case UNDELIVERED:
      return failed(safeCode(StatusCode), TENCENT_RECEIPT_CODES.get(String(StatusCode)));
    default:
      return unclear('STATUS_NOT_KNOWN');
  }
}
