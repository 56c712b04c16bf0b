import type { Clock } from '../../clock.ts';
import { textOf } from '../../http-client/read-answer.ts';
import type { HttpAnswer } from '../../http-client/transport.ts';
import { type Check, checkClock } from '../contract/provider.ts';
import { DEFAULT_VARIABLES, type TemplateBook } from '../template/fill-template.ts';
import type { Templates } from '../template/template.ts';
import type { AlibabaApi } from './api.ts';
import { classifyAlibaba, isOk, readAlibabaBody } from './codes.ts';
import { type AlibabaConfig, alibabaTemplates } from './config.ts';

type CheckResult = Omit<Check, 'subject'>;

const UNASKED = { verdict: 'unchecked', detail: 'skipped until the credentials work' } as const;
const BALANCE: Check = { subject: 'balance', verdict: 'unchecked', detail: 'not available from the SMS API; see the console' };

/**
 * Queries the signature, which verifies the key, and then every template in the config:
 * https://help.aliyun.com/zh/sms/developer-reference/api-dysmsapi-2017-05-25-getsmssign
 * https://help.aliyun.com/document_detail/2807433.html
 */
export async function checkAlibaba(
  config: AlibabaConfig,
  templates: Templates,
  api: AlibabaApi,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const answer = await api.call('GetSmsSign', { SignName: config.signName }, signal);
  if (answer.kind === 'fault') return [{ subject: 'connection', verdict: 'failed', detail: `no response (${answer.code})` }];
  const { code, reason } = codeOf(answer, clock.now());
  const around: readonly Check[] = [
    { subject: 'connection', verdict: 'ok', detail: 'Alibaba Cloud responds' },
    code.startsWith('InvalidTimeStamp.')
      ? {
          subject: 'clock',
          verdict: 'failed',
          detail: `the vendor rejects our timestamp (${code}): synchronise the clock of this machine, preferably by NTP`,
        }
      : checkClock(answer.headers.date, clock.now()),
  ];
  const credentials: Check = { subject: 'credentials', ...judgeCredentials(answer, code) };
  if (credentials.verdict !== 'ok') {
    return [...around, credentials, BALANCE, { subject: 'sender', ...UNASKED }, { subject: 'template', ...UNASKED }];
  }
  if (reason === 'auth') {
    const detail = `rejected (${code}): see the SMS console of the account`;
    return [...around, credentials, { subject: 'account', verdict: 'failed', detail }, BALANCE];
  }
  const balance: Check = reason === 'balance' ? { subject: 'balance', verdict: 'failed', detail: `insufficient (${code})` } : BALANCE;
  const checks = [...around, credentials, balance, { subject: 'sender', ...judgeSign(config.signName, answer, code) } as const];
  for (const wanted of wantedTemplates(alibabaTemplates(config), templates)) {
    checks.push({ subject: 'template', ...(await lookAtTemplate(wanted, api, clock, signal)) });
  }
  return checks;
}

const KEY_REFUSED = /^(InvalidAccessKeyId(\..+)?|MissingAccessKeyId|SignatureDoesNotMatch|IncompleteSignature)$/;
const NO_RIGHT = /^(isp\.RAM_PERMISSION_DENY|NoPermission|Forbidden\.RAM)$/;

function judgeCredentials(answer: HttpAnswer, code: string): CheckResult {
  // Errors of the service show that the gateway has accepted the credentials.
  if (code === 'OK' || code.startsWith('isv.')) return { verdict: 'ok', detail: 'accessKeyId and accessKeySecret are valid' };
  if (KEY_REFUSED.test(code))
    return { verdict: 'failed', detail: `rejected (${code}): compare accessKeyId and accessKeySecret with the RAM console` };
  if (NO_RIGHT.test(code))
    return {
      verdict: 'warning',
      detail: `the key is not allowed to query signatures and templates (${code}): grant dysms:GetSmsSign and dysms:GetSmsTemplate`,
    };
  return { verdict: 'unchecked', detail: `no conclusive response (HTTP ${answer.status}${code === '' ? '' : `, ${code}`})` };
}

/** Review state of a signature or template. */
const REVIEW: ReadonlyMap<string, CheckResult> = new Map<string, CheckResult>([
  ['0', { verdict: 'failed', detail: 'is under review' }],
  ['1', { verdict: 'ok', detail: 'is approved' }],
  ['2', { verdict: 'failed', detail: 'was rejected: see the SMS console for the reason' }],
  ['10', { verdict: 'failed', detail: 'was withdrawn from review' }],
]);

function judgeReview(subject: string, status: unknown): CheckResult {
  const { verdict, detail } = REVIEW.get(textOf(status) ?? '') ?? { verdict: 'unchecked', detail: 'is in an unknown state' };
  return { verdict, detail: `${subject} ${detail}` };
}

function judgeSign(signName: string, answer: HttpAnswer, code: string): CheckResult {
  const subject = `the signature ${signName}`;
  if (code !== 'OK') return { verdict: 'failed', detail: `${subject} does not exist in this account (${code})` };
  const { SignStatus, SignIspRegisterDetailList: carriers } = readAlibabaBody(answer);
  const review = judgeReview(subject, SignStatus);
  if (review.verdict !== 'ok' || !Array.isArray(carriers)) return review;
  // 3 = registered, 1 = registered and not tested yet. Carriers block messages with an unregistered signature.
  const missing = (carriers as { RegisterStatus?: unknown; OperatorCode?: unknown }[]).filter(
    (carrier) => !['1', '3'].includes(textOf(carrier?.RegisterStatus) ?? ''),
  );
  if (missing.length === 0) return review;
  return { verdict: 'warning', detail: `${subject} is approved, but not registered with ${missing.length} of ${carriers.length} carriers` };
}

/** A template at the vendor, and the variables that are filled. */
interface Wanted {
  readonly code: string;
  readonly fills: readonly string[];
}

function wantedTemplates({ defaultId, find }: TemplateBook, templates: Templates): readonly Wanted[] {
  const own = [...templates.values()].map(find).filter((template) => template !== undefined);
  const wanted = own.map(({ id, variables }) => ({ code: id, fills: variables.map(([theirs]) => theirs) }));
  return [{ code: defaultId, fills: DEFAULT_VARIABLES }, ...wanted];
}

async function lookAtTemplate({ code: template, fills }: Wanted, api: AlibabaApi, clock: Clock, signal: AbortSignal): Promise<CheckResult> {
  const subject = `the template ${template}`;
  const answer = await api.call('GetSmsTemplate', { TemplateCode: template }, signal);
  if (answer.kind === 'fault') return { verdict: 'unchecked', detail: `${subject}: no response (${answer.code})` };
  const { code } = codeOf(answer, clock.now());
  if (code.startsWith('isv.')) return { verdict: 'failed', detail: `${subject} does not exist in this account (${code})` };
  if (code !== 'OK') return { verdict: 'unchecked', detail: `${subject} could not be queried (HTTP ${answer.status})` };
  const { TemplateStatus, TemplateContent } = readAlibabaBody(answer);
  const review = judgeReview(subject, TemplateStatus);
  if (review.verdict !== 'ok' || typeof TemplateContent !== 'string') return review;
  const asked = variablesOf(TemplateContent);
  const missing = asked.filter((name) => !fills.includes(name));
  if (missing.length > 0) return { verdict: 'failed', detail: `${subject} has variables without a value: ${missing.join(', ')}` };
  const unused = fills.filter((name) => !asked.includes(name));
  if (unused.length > 0) return { verdict: 'warning', detail: `${subject} is approved, but lacks the variables ${unused.join(', ')}` };
  return review;
}

/** Returns the variable names of `${…}`, without duplicates. */
function variablesOf(content: string): readonly string[] {
  return [...new Set([...content.matchAll(/\$\{\s*([^{}\s]+)\s*\}/g)].map((match) => match[1] as string))];
}

/** Returns `OK`, the vendor's code, or an empty string, with the reason from the code table. */
function codeOf(answer: HttpAnswer, now: Date): { readonly code: string; readonly reason?: string } {
  if (isOk(answer, readAlibabaBody(answer))) return { code: 'OK' };
  const { code = '', reason } = classifyAlibaba(answer, now).error;
  return { code, reason };
}
