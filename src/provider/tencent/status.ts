import { readMessageId, safeCode } from '../../http-client/read-answer.ts';
import { ProviderError, type ProviderReason, type StatusQuery, unclear, type VendorStatus } from '../contract/provider.ts';
import type { Loose, ResponseOf, SendRecord, TencentApi } from './api.ts';
import { showCode } from './codes.ts';
import type { TencentConfig } from './config.ts';
import { TENCENT_RECEIPT_CODES } from './receipt.ts';

/** How far back the records go. */
const KEPT_MS = 72 * 3_600_000;
/** The most that one answer holds; no phone gets as many texts in the minutes that are asked about. */
const PAGE = 50;
/** A signature is refused when the clocks are further apart, so no text of ours can be in the records beyond it. */
const MAX_SKEW_MS = 5 * 60_000;
/** Clocks are usually no further apart than this, and a text that falls outside is not taken for ours. */
const USUAL_SKEW_MS = 5_000;
/** Before this has passed after the attempt's deadline, a record may still be on its way into the list. */
const SETTLED_MS = 60_000;

/** SendStatus of a record. */
const SUBMIT_FAILED = 1;
const DELIVERED = 2;
const UNDERWAY = 3;
const UNDELIVERED = 4;

/** The moments, in ms since the epoch, between which the attempt's text may have reached Tencent by Tencent's clock. */
interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

function windowOf(sentAt: Date, timeoutMs: number, skewMs: number): Window {
  return { fromMs: sentAt.getTime() - skewMs, untilMs: sentAt.getTime() + timeoutMs + skewMs };
}

/**
 * Looks through the send records of the phone: https://cloud.tencent.com/document/api/382/137245
 * Tencent keeps no reference of ours there, so a text without a serial number is known by its phone and its time.
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
      // Left out = now, by Tencent's clock; a time that has not come there yet is an error.
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

/** All of them; `undefined` when there are more, or one cannot be read. */
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
    // Tencent has it, for it gave it that number: a list without it is not complete.
    return own === undefined ? unclear('RECORD_NOT_FOUND') : readStatus(own);
  }

  // What failed to be submitted was never sent, whichever attempt it was.
  const sent = records.filter(({ SendStatus }) => SendStatus !== SUBMIT_FAILED);
  const candidates = sent.filter((record) => isWithin(record, windowOf(sentAt, timeoutMs, MAX_SKEW_MS)));
  if (candidates.length === 0) {
    const isSettled = now.getTime() - sentAt.getTime() >= timeoutMs + SETTLED_MS;
    return isSettled ? { kind: 'absent' } : unclear('RECORDS_NOT_SETTLED');
  }
  const [only, ...others] = candidates;
  const isOwn = only !== undefined && others.length === 0 && isWithin(only, windowOf(sentAt, timeoutMs, USUAL_SKEW_MS));
  // Several, or one at an unlikely moment: it may be another alert to the same phone.
  return isOwn ? readStatus(only) : unclear('RECORDS_AMBIGUOUS');
}

function isWithin({ SendTime }: Loose<SendRecord>, { fromMs, untilMs }: Window): boolean {
  const at = (SendTime as number) * 1000;
  // Whole seconds: a record of second 7 may be of 7.999.
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
