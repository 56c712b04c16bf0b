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

const UNASKED = { verdict: 'unchecked', detail: 'cannot be looked up before the rest is right' } as const;
const BALANCE: Check = { subject: 'balance', verdict: 'unchecked', detail: 'the SMS API does not tell it; the console does' };

/**
 * Looks up the signature, which shows whether the key is good, and then every template that the config names:
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
  if (answer.kind === 'fault') return [{ subject: 'connection', verdict: 'failed', detail: `no answer (${answer.code})` }];
  const { code, reason } = codeOf(answer, clock.now());
  const around: readonly Check[] = [
    { subject: 'connection', verdict: 'ok', detail: 'Alibaba Cloud answers' },
    code.startsWith('InvalidTimeStamp.')
      ? { subject: 'clock', verdict: 'failed', detail: `the vendor refuses our timestamp (${code}): set this clock right, best by NTP` }
      : checkClock(answer.headers.date, clock.now()),
  ];
  const credentials: Check = { subject: 'credentials', ...judgeCredentials(answer, code) };
  if (credentials.verdict !== 'ok') {
    return [...around, credentials, BALANCE, { subject: 'sender', ...UNASKED }, { subject: 'template', ...UNASKED }];
  }
  if (reason === 'auth') {
    const detail = `refused (${code}): see the SMS console of the account`;
    return [...around, credentials, { subject: 'account', verdict: 'failed', detail }, BALANCE];
  }
  const balance: Check = reason === 'balance' ? { subject: 'balance', verdict: 'failed', detail: `not enough (${code})` } : BALANCE;
  const checks = [...around, credentials, balance, { subject: 'sender', ...judgeSign(config.signName, answer, code) } as const];
  for (const wanted of wantedTemplates(alibabaTemplates(config), templates)) {
    checks.push({ subject: 'template', ...(await lookAtTemplate(wanted, api, clock, signal)) });
  }
  return checks;
}

const KEY_REFUSED = /^(InvalidAccessKeyId(\..+)?|MissingAccessKeyId|SignatureDoesNotMatch|IncompleteSignature)$/;
const NO_RIGHT = /^(isp\.RAM_PERMISSION_DENY|NoPermission|Forbidden\.RAM)$/;

function judgeCredentials(answer: HttpAnswer, code: string): CheckResult {
  // What the service behind the gateway says, the gateway has let in.
  if (code === 'OK' || code.startsWith('isv.')) return { verdict: 'ok', detail: 'accessKeyId and accessKeySecret are right' };
  if (KEY_REFUSED.test(code))
    return { verdict: 'failed', detail: `refused (${code}): compare accessKeyId and accessKeySecret with the RAM console` };
  if (NO_RIGHT.test(code))
    return {
      verdict: 'warning',
      detail: `the key may not look up signatures and templates (${code}): grant dysms:GetSmsSign and dysms:GetSmsTemplate`,
    };
  return { verdict: 'unchecked', detail: `the vendor did not say (HTTP ${answer.status}${code === '' ? '' : `, ${code}`})` };
}

/** What the review of a signature or a template came to. */
const REVIEW: ReadonlyMap<string, CheckResult> = new Map<string, CheckResult>([
  ['0', { verdict: 'failed', detail: 'is still being reviewed' }],
  ['1', { verdict: 'ok', detail: 'is approved' }],
  ['2', { verdict: 'failed', detail: 'was rejected: the SMS console says why' }],
  ['10', { verdict: 'failed', detail: 'was withdrawn from review' }],
]);

function judgeReview(subject: string, status: unknown): CheckResult {
  const { verdict, detail } = REVIEW.get(textOf(status) ?? '') ?? { verdict: 'unchecked', detail: 'is in a state that we do not know' };
  return { verdict, detail: `${subject} ${detail}` };
}

function judgeSign(signName: string, answer: HttpAnswer, code: string): CheckResult {
  const subject = `the signature ${signName}`;
  if (code !== 'OK') return { verdict: 'failed', detail: `${subject} is not to be found in this account (${code})` };
  const { SignStatus, SignIspRegisterDetailList: carriers } = readAlibabaBody(answer);
  const review = judgeReview(subject, SignStatus);
  if (review.verdict !== 'ok' || !Array.isArray(carriers)) return review;
  // 3 = registered, 1 = registered and not tried yet. Carriers block texts whose signature they do not know.
  const missing = (carriers as { RegisterStatus?: unknown; OperatorCode?: unknown }[]).filter(
    (carrier) => !['1', '3'].includes(textOf(carrier?.RegisterStatus) ?? ''),
  );
  if (missing.length === 0) return review;
  return { verdict: 'warning', detail: `${subject} is approved, but not registered with ${missing.length} of ${carriers.length} carriers` };
}

/** A template at the vendor, and the variables that we fill in. */
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
  if (answer.kind === 'fault') return { verdict: 'unchecked', detail: `${subject}: no answer (${answer.code})` };
  const { code } = codeOf(answer, clock.now());
  if (code.startsWith('isv.')) return { verdict: 'failed', detail: `${subject} is not to be found in this account (${code})` };
  if (code !== 'OK') return { verdict: 'unchecked', detail: `${subject} could not be looked up (HTTP ${answer.status})` };
  const { TemplateStatus, TemplateContent } = readAlibabaBody(answer);
  const review = judgeReview(subject, TemplateStatus);
  if (review.verdict !== 'ok' || typeof TemplateContent !== 'string') return review;
  const asked = variablesOf(TemplateContent);
  const missing = asked.filter((name) => !fills.includes(name));
  if (missing.length > 0) return { verdict: 'failed', detail: `${subject} asks for what we do not fill in: ${missing.join(', ')}` };
  const unused = fills.filter((name) => !asked.includes(name));
  if (unused.length > 0) return { verdict: 'warning', detail: `${subject} is approved, but has no place for: ${unused.join(', ')}` };
  return review;
}

/** The names in `${…}`, each once. */
function variablesOf(content: string): readonly string[] {
  return [...new Set([...content.matchAll(/\$\{\s*([^{}\s]+)\s*\}/g)].map((match) => match[1] as string))];
}

/** `OK`, the vendor's code, or nothing where it gave none; with what our table makes of it. */
function codeOf(answer: HttpAnswer, now: Date): { readonly code: string; readonly reason?: string } {
  if (isOk(answer, readAlibabaBody(answer))) return { code: 'OK' };
  const { code = '', reason } = classifyAlibaba(answer, now).error;
  return { code, reason };
}
