import type { Clock } from '../../clock.ts';
import { type Check, type CheckSubject, checkClock, type ProviderError } from '../contract/provider.ts';
import { formatBeijingHour } from '../mainland/mainland.ts';
import type { Templates } from '../template/template.ts';
import type { Loose, SignStatus, TemplateStatus, TencentApi, TencentReply } from './api.ts';
import type { TencentConfig } from './config.ts';

/** `International` of the API: signatures and templates are approved for one or for the other, templates also for both. */
const MAINLAND = 0;
const ABROAD = 1;
const BOTH = 3;
type Market = typeof MAINLAND | typeof ABROAD;

/** The most that one answer lists. */
const PAGE = 100;

/** What `StatusCode` says of a signature or a template; only 0 can be sent with. */
const STATES: Readonly<Record<number, string>> = { 1: 'is under review', 2: 'is approved but not in force yet', [-1]: 'was not approved' };

/** The key is right, but its policy, or the kind of account, leaves some calls out: those need not be the send. */
const NOT_ALLOWED: ReadonlySet<string | undefined> = new Set([
  'AuthFailure.UnauthorizedOperation',
  'UnauthorizedOperation',
  'UnauthorizedOperation.RequestPermissionDeny',
  'FailedOperation.NotEnterpriseCertification',
]);

/** By figures, and by the lists of signatures and templates: https://cloud.tencent.com/document/api/382/5819 */
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
    { subject: 'balance', verdict: 'unchecked', detail: 'packages and arrears are shown in the console' },
    await checkSender(api, config, signal),
    ...(await checkTemplates(api, config, templates, signal)),
  ];
}

function checkAccess(reply: TencentReply<unknown>, now: Date): Check[] {
  const error = reply.kind === 'refused' ? reply.error : undefined;
  if (reply.answer === undefined) return [{ subject: 'connection', verdict: 'failed', detail: `no answer: ${error?.message}` }];
  const clock = checkClock(reply.answer.headers.date, now);
  if (error !== undefined && error.code === undefined) {
    return [{ subject: 'connection', verdict: 'failed', detail: `what answered is not Tencent's API: ${error.message}` }, clock];
  }
  const isKeyRefused = error?.code?.startsWith('AuthFailure') === true && !NOT_ALLOWED.has(error.code);
  return [
    { subject: 'connection', verdict: 'ok', detail: 'Tencent answers' },
    isKeyRefused
      ? { subject: 'credentials', verdict: 'failed', detail: `${error?.message}: look at secretId and secretKey, and at the clock` }
      : { subject: 'credentials', verdict: 'ok', detail: 'the key is right' },
    clock,
  ];
}

function checkAccount(reply: TencentReply<unknown>): Check {
  if (reply.kind === 'said') return { subject: 'account', verdict: 'ok', detail: 'the app is one of this account' };
  const { error } = reply;
  const isFault = (error.reason === 'auth' || error.reason === 'balance') && !NOT_ALLOWED.has(error.code);
  return isFault ? { subject: 'account', verdict: 'failed', detail: `${error.message}: look at appId` } : unchecked('account', error);
}

async function checkSender(api: TencentApi, { signName, countries }: TencentConfig, signal: AbortSignal): Promise<Check> {
  const isMainland = countries === undefined || countries.includes('86');
  if (signName === undefined) {
    return isMainland
      ? { subject: 'sender', verdict: 'warning', detail: 'no signName: numbers of mainland China are not texted' }
      : { subject: 'sender', verdict: 'ok', detail: 'outside mainland China no signature is needed' };
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
    ? { subject: 'sender', verdict: 'failed', detail: `signName is none of the account's signatures ${where}` }
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
  if (found.length === 0) return { verdict: 'failed', detail: `${id} is none of the account's templates` };
  const approved = found.filter(({ StatusCode }) => StatusCode === 0);
  if (approved.length === 0) return { verdict: 'failed', detail: `${id} ${stateOf(found)}` };
  const holes = countVariables(approved[0]?.TemplateContent);
  if (holes !== undefined && holes !== variables) {
    return { verdict: 'failed', detail: `${id} has ${holes} variables, and is to be filled with ${variables}` };
  }
  const missing = markets.filter((market) => !approved.some(({ International }) => International === BOTH || International === market));
  return missing.length === 0
    ? { verdict: 'ok', detail: `${id} is approved for ${markets.map(nameOf).join(' and ')}` }
    : { verdict: 'warning', detail: `${id} is not approved for ${missing.map(nameOf).join(' and ')}: set countries to where it is` };
}

/** Where this provider texts: without a signature it does not go to the mainland. */
function marketsOf({ countries, signName }: TencentConfig): readonly Market[] {
  if (countries === undefined) return signName === undefined ? [ABROAD] : [MAINLAND, ABROAD];
  return [...(countries.includes('86') ? [MAINLAND] : []), ...(countries.some((code) => code !== '86') ? [ABROAD] : [])] as Market[];
}

/** `{1}`, `{2}` and so on. */
function countVariables(content: unknown): number | undefined {
  return typeof content === 'string' ? new Set(content.match(/\{\d+\}/g)).size : undefined;
}

function readList<Item>(list: unknown): readonly Loose<Item>[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : [];
}

function stateOf([first]: readonly { readonly StatusCode?: unknown }[]): string {
  return STATES[Number(first?.StatusCode)] ?? 'is in no state that can be sent with';
}

function nameOf(market: Market): string {
  return market === MAINLAND ? 'mainland China' : 'other countries';
}

function unchecked(subject: CheckSubject, error: ProviderError): Check {
  const why = NOT_ALLOWED.has(error.code) ? 'the key or the account may not ask' : 'not learned';
  return { subject, verdict: 'unchecked', detail: `${why}: ${error.message}; look in the console` };
}
