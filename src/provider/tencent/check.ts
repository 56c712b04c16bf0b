import type { Clock } from '../../clock.ts';
import { type Check, type CheckSubject, checkClock, type ProviderError } from '../contract/provider.ts';
import { formatBeijingHour } from '../mainland/mainland.ts';
import type { Templates } from '../template/template.ts';
import type { Loose, SignStatus, TemplateStatus, TencentApi, TencentReply } from './api.ts';
import type { TencentConfig } from './config.ts';

/** `International` of the API: signatures and templates are approved for one of the two, templates also for both. */
const MAINLAND = 0;
const ABROAD = 1;
const BOTH = 3;
type Market = typeof MAINLAND | typeof ABROAD;

/** Maximum number of entries in one response. */
const PAGE = 100;

/** Meaning of `StatusCode` of a signature or template; only 0 can be used. */
const STATES: Readonly<Record<number, string>> = { 1: 'is under review', 2: 'is approved but not active yet', [-1]: 'was not approved' };

/**
 * Codes for missing permissions: the key is valid, but its policy or the account type excludes some calls, possibly not
 * the send itself.
 */
const NOT_ALLOWED: ReadonlySet<string | undefined> = new Set([
  'AuthFailure.UnauthorizedOperation',
  'UnauthorizedOperation',
  'UnauthorizedOperation.RequestPermissionDeny',
  'FailedOperation.NotEnterpriseCertification',
]);

/** Queries statistics, signatures and templates: https://cloud.tencent.com/document/api/382/5819 */
export async function checkTencent(
  api: TencentApi,
  config: TencentConfig,
  templates: Templates,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Check[]> {
  const hour = formatBeijingHour(clock.now());
  const figures = await api.ask(
    'SendStatusStatistics',
    { SmsSdkAppId: config.appId, BeginTime: hour, EndTime: hour, Limit: 0, Offset: 0 },
    signal,
  );
  const access = checkAccess(figures, clock.now());
  if (access.some(({ verdict, subject }) => verdict === 'failed' && subject !== 'clock')) return access;
  return [
    ...access,
    checkAccount(figures),
    { subject: 'balance', verdict: 'unchecked', detail: 'see packages and arrears in the console' },
    await checkSender(api, config, signal),
    ...(await checkTemplates(api, config, templates, signal)),
  ];
}

function checkAccess(reply: TencentReply<unknown>, now: Date): Check[] {
  const error = reply.kind === 'refused' ? reply.error : undefined;
  if (reply.answer === undefined) return [{ subject: 'connection', verdict: 'failed', detail: `no response: ${error?.message}` }];
  const clock = checkClock(reply.answer.headers.date, now);
  if (error !== undefined && error.code === undefined) {
    return [{ subject: 'connection', verdict: 'failed', detail: `the response is not from Tencent's API: ${error.message}` }, clock];
  }
  const isKeyRefused = error?.code?.startsWith('AuthFailure') === true && !NOT_ALLOWED.has(error.code);
  return [
    { subject: 'connection', verdict: 'ok', detail: 'Tencent responds' },
    isKeyRefused
      ? { subject: 'credentials', verdict: 'failed', detail: `${error?.message}: check secretId, secretKey and the clock` }
      : { subject: 'credentials', verdict: 'ok', detail: 'the key is valid' },
    clock,
  ];
}

function checkAccount(reply: TencentReply<unknown>): Check {
  if (reply.kind === 'said') return { subject: 'account', verdict: 'ok', detail: 'the app belongs to this account' };
  const { error } = reply;
  const isFault = (error.reason === 'auth' || error.reason === 'balance') && !NOT_ALLOWED.has(error.code);
  return isFault ? { subject: 'account', verdict: 'failed', detail: `${error.message}: check appId` } : unchecked('account', error);
}

async function checkSender(api: TencentApi, { signName, countries }: TencentConfig, signal: AbortSignal): Promise<Check> {
  const isMainland = countries === undefined || countries.includes('86');
  if (signName === undefined) {
    return isMainland
      ? { subject: 'sender', verdict: 'warning', detail: 'no signName: numbers in mainland China get no messages' }
      : { subject: 'sender', verdict: 'ok', detail: 'no signature is needed outside mainland China' };
  }
  const International = isMainland ? MAINLAND : ABROAD;
  const reply = await api.ask('DescribeSmsSignList', { International, Limit: PAGE, Offset: 0 }, signal);
  if (reply.kind === 'refused') return unchecked('sender', reply.error);
  const list = readList<SignStatus>(reply.said.DescribeSignListStatusSet);
  const own = list.filter(({ SignName }) => SignName === signName);
  const where = `for ${nameOf(International)}`;
  if (own.some(({ StatusCode }) => StatusCode === 0)) return { subject: 'sender', verdict: 'ok', detail: `signName is approved ${where}` };
  if (own.length > 0) return { subject: 'sender', verdict: 'failed', detail: `signName ${stateOf(own)} ${where}` };
  return list.length < PAGE
    ? { subject: 'sender', verdict: 'failed', detail: `the account has no signature signName ${where}` }
    : { subject: 'sender', verdict: 'unchecked', detail: `signName is not among the first ${PAGE} signatures ${where}` };
}

async function checkTemplates(api: TencentApi, config: TencentConfig, templates: Templates, signal: AbortSignal): Promise<Check[]> {
  const wanted = new Map([[config.templateId, 3]]);
  for (const { tencent } of templates.values()) if (tencent !== undefined) wanted.set(tencent.id, tencent.params.length);
  const ids = [...wanted.keys()].filter((id) => /^\d{1,15}$/.test(id)).map(Number);
  const markets = marketsOf(config);
  const found: Loose<TemplateStatus>[] = [];
  for (const International of markets) {
    if (ids.length === 0) break;
    const reply = await api.ask('DescribeSmsTemplateList', { International, TemplateIdSet: ids }, signal);
    if (reply.kind === 'refused') return [unchecked('template', reply.error)];
    found.push(...readList<TemplateStatus>(reply.said.DescribeTemplateStatusSet));
  }
  return [...wanted].map(([id, variables]) => ({
    subject: 'template' as const,
    ...judgeTemplate(
      id,
      variables,
      found.filter(({ TemplateId }) => String(TemplateId) === id),
      markets,
    ),
  }));
}

function judgeTemplate(
  id: string,
  variables: number,
  found: readonly Loose<TemplateStatus>[],
  markets: readonly Market[],
): Pick<Check, 'verdict' | 'detail'> {
  if (found.length === 0) return { verdict: 'failed', detail: `${id} is not a template of this account` };
  const approved = found.filter(({ StatusCode }) => StatusCode === 0);
  if (approved.length === 0) return { verdict: 'failed', detail: `${id} ${stateOf(found)}` };
  const holes = countVariables(approved[0]?.TemplateContent);
  if (holes !== undefined && holes !== variables) {
    return { verdict: 'failed', detail: `${id} has ${holes} variables, but the config fills ${variables}` };
  }
  const missing = markets.filter((market) => !approved.some(({ International }) => International === BOTH || International === market));
  return missing.length === 0
    ? { verdict: 'ok', detail: `${id} is approved for ${markets.map(nameOf).join(' and ')}` }
    : { verdict: 'warning', detail: `${id} is not approved for ${missing.map(nameOf).join(' and ')}: restrict countries to where it is` };
}

/** Returns the markets of this provider: without a signature, mainland China is not one of them. */
function marketsOf({ countries, signName }: TencentConfig): readonly Market[] {
  if (countries === undefined) return signName === undefined ? [ABROAD] : [MAINLAND, ABROAD];
  return [...(countries.includes('86') ? [MAINLAND] : []), ...(countries.some((code) => code !== '86') ? [ABROAD] : [])] as Market[];
}

/** Counts the variables `{1}`, `{2}` and so on. */
function countVariables(content: unknown): number | undefined {
  return typeof content === 'string' ? new Set(content.match(/\{\d+\}/g)).size : undefined;
}

function readList<Item>(list: unknown): readonly Loose<Item>[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : [];
}

function stateOf([first]: readonly { readonly StatusCode?: unknown }[]): string {
  return STATES[Number(first?.StatusCode)] ?? 'is in a state that cannot be used';
}

function nameOf(market: Market): string {
  return market === MAINLAND ? 'mainland China' : 'other countries';
}

function unchecked(subject: CheckSubject, error: ProviderError): Check {
  const why = NOT_ALLOWED.has(error.code) ? 'the key or the account lacks the permission' : 'no conclusive response';
  return { subject, verdict: 'unchecked', detail: `${why}: ${error.message}; see the console` };
}
