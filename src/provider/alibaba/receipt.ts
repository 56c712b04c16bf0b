import { readJson, readMessageId, safeCode, textOf } from '../../http-client/read-answer.ts';
import { hasReceiptToken, type ReceiptReader, type VendorReceipt } from '../contract/receipt-reader.ts';
import { parseBeijingTime } from '../mainland/mainland.ts';
import { ALIBABA_CODES, ALIBABA_RECEIPT_CODES } from './codes.ts';
import type { AlibabaConfig } from './config.ts';

/** Intermediate states: the carrier has accepted the message. */
const NOT_FINAL: ReadonlySet<string> = new Set(['REQUEST_SUCCESS']);

/**
 * Reads `SmsReport`, several reports per call: https://help.aliyun.com/document_detail/101867.html , and the format of
 * international messages: https://help.aliyun.com/en/sms/smsreport-mns-intl . Neither is signed, and both may be
 * repeated.
 */
export function createAlibabaReceiptReader({ receiptToken }: AlibabaConfig): ReceiptReader {
  return {
    methods: ['POST'],
    isGenuine: (call) => hasReceiptToken(call, receiptToken),
    read({ body }) {
      const reports = readJson(body);
      return (Array.isArray(reports) ? reports : [reports]).map(readReport);
    },
    answer: { code: 0, msg: 'OK' },
  };
}

function readReport(report: unknown): VendorReceipt | undefined {
  if (typeof report !== 'object' || report === null) return undefined;
  return 'Status' in report ? readAbroad(report) : readDomestic(report);
}

interface DomesticReport {
  readonly success?: unknown;
  readonly err_code?: unknown;
  readonly report_time?: unknown;
  readonly biz_id?: unknown;
  readonly out_id?: unknown;
}

function readDomestic({ success, err_code, report_time, biz_id, out_id }: DomesticReport): VendorReceipt | undefined {
  const arrived = ARRIVED.get(textOf(success) ?? '');
  if (arrived === undefined) return undefined;
  return toReceipt(
    { messageId: readMessageId(out_id), providerMessageId: readMessageId(biz_id) },
    arrived,
    err_code,
    parseBeijingTime(report_time),
  );
}

const ARRIVED: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

interface ReportFromAbroad {
  readonly Status?: unknown;
  readonly ErrorCode?: unknown;
  readonly ReceiveDate?: unknown;
  readonly MessageId?: unknown;
}

/** 1 delivered, 2 failed, 6 expired. */
const ARRIVED_ABROAD: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['2', false],
  ['6', false],
]);

/** Time format of international reports: `Thu, 25 Nov 2021 10:27:33 +0800`. */
const ABROAD_TIME = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/;

/** Reads an international report, which has no reference of ours. */
function readAbroad({ Status, ErrorCode, ReceiveDate, MessageId }: ReportFromAbroad): VendorReceipt | undefined {
  const arrived = ARRIVED_ABROAD.get(textOf(Status) ?? '');
  if (arrived === undefined) return undefined;
  const at = typeof ReceiveDate === 'string' && ABROAD_TIME.test(ReceiveDate) ? new Date(ReceiveDate) : undefined;
  return toReceipt({ providerMessageId: readMessageId(MessageId) }, arrived, ErrorCode, at);
}

interface Ids {
  readonly messageId?: string | undefined;
  readonly providerMessageId?: string | undefined;
}

function toReceipt(
  { messageId, providerMessageId }: Ids,
  arrived: boolean,
  errorCode: unknown,
  at: Date | undefined,
): VendorReceipt | undefined {
  if (messageId === undefined && providerMessageId === undefined) return undefined;
  const ids = {
    ...(messageId === undefined ? {} : { messageId }),
    ...(providerMessageId === undefined ? {} : { providerMessageId }),
  };
  if (arrived) return { ...ids, state: 'delivered', ...(at === undefined || Number.isNaN(at.getTime()) ? {} : { at }) };
  const given = textOf(errorCode) ?? '';
  if (NOT_FINAL.has(given)) return { ...ids, state: 'pending' };
  const code = safeCode(errorCode);
  const reason = ALIBABA_RECEIPT_CODES.get(given) ?? ALIBABA_CODES.get(given)?.reason;
  return { ...ids, state: 'undelivered', ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
}
