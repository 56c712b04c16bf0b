import { ConfigError } from '../fault.ts';
import { type Carried, carry, type Imported, type Provided, readYamlMap, toYaml } from './imported.ts';

/**
 * HertzBeat's keys under `alerter.sms.<type>`, in kebab-case, and ours.
 * https://hertzbeat.apache.org/docs/help/alert_sms
 */
const TYPES: Readonly<Record<string, { readonly type: string; readonly keys: Readonly<Record<string, Carried>>; readonly also?: object }>> =
  {
    tencent: {
      type: 'tencent',
      keys: {
        'secret-id': { ours: 'secretId', secretAs: 'TENCENT_SECRET_ID' },
        'secret-key': { ours: 'secretKey', secretAs: 'TENCENT_SECRET_KEY' },
        'app-id': { ours: 'appId' },
        'sign-name': { ours: 'signName' },
        'template-id': { ours: 'templateId' },
      },
    },
    alibaba: {
      type: 'alibaba',
      keys: {
        'access-key-id': { ours: 'accessKeyId', secretAs: 'ALIBABA_CLOUD_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'accessKeySecret', secretAs: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET' },
        'sign-name': { ours: 'signName' },
        'template-code': { ours: 'templateCode' },
      },
    },
    unisms: {
      type: 'unisms',
      keys: {
        'auth-mode': { ours: 'authMode' },
        'access-key-id': { ours: 'accessKeyId', secretAs: 'UNISMS_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'accessKeySecret', secretAs: 'UNISMS_ACCESS_KEY_SECRET' },
        signature: { ours: 'signature' },
        'template-id': { ours: 'templateId' },
      },
    },
    // HertzBeat names itself as the sender.
    smslocal: { type: 'smslocal', keys: { 'api-key': { ours: 'apiKey', secretAs: 'SMSLOCAL_API_KEY' } }, also: { from: 'Hertzbeat' } },
    aws: {
      type: 'aws-sms-voice',
      keys: {
        'access-key-id': { ours: 'accessKeyId', secretAs: 'AWS_SMS_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'secretAccessKey', secretAs: 'AWS_SMS_SECRET_ACCESS_KEY' },
        region: { ours: 'region' },
      },
    },
    twilio: {
      type: 'twilio',
      keys: {
        'account-sid': { ours: 'accountSid', secretAs: 'TWILIO_ACCOUNT_SID' },
        'auth-token': { ours: 'authToken', secretAs: 'TWILIO_AUTH_TOKEN' },
        'twilio-phone-number': { ours: 'from' },
      },
    },
  };

/**
 * HertzBeat's `application.yml` → a config of ours. Its texts stay what they were, byte for byte.
 * @throws {ConfigError} when the file holds no `alerter.sms`
 */
export function importHertzbeat(text: string, file: string): Imported {
  const sms = section(section(spread(readYamlMap(text, file)), 'alerter'), 'sms');
  if (Object.keys(sms).length === 0) {
    throw new ConfigError([
      {
        path: 'alerter.sms',
        file,
        message: 'is not there',
        hint: "settings made in HertzBeat's own pages are in its database: copy them from there",
      },
    ]);
  }
  const notes: string[] = [];
  const { enable, type, ...rest } = sms;
  const provided: Provided[] = [];
  for (const [name, settings] of Object.entries(rest)) {
    const known = TYPES[name];
    const own = section(rest, name);
    if (known === undefined || typeof settings !== 'object') {
      notes.push(`not carried over: alerter.sms.${name}`);
      continue;
    }
    const carried = carry(own, known.keys, `alerter.sms.${name}`, notes);
    if (Object.keys(carried).length === 0) continue;
    provided.push({ name, settings: { type: known.type, ...known.also, ...carried } });
  }
  const names = provided.map(({ name }) => name);
  const active = names.filter((name) => name === type);
  const spare = names.filter((name) => name !== type);
  if (enable !== true && enable !== 'true') notes.push('alerter.sms.enable was not true: HertzBeat sent no texts');
  if (active.length === 0) notes.push(`alerter.sms.type "${String(type ?? '')}" has no settings of its own: no provider is chosen by it`);
  else if (spare.length > 0)
    notes.push(`HertzBeat used ${active[0]} alone; ${spare.join(', ')} may stand behind it in routes[0].providers, to take over`);
  notes.push(
    'who is texted stays in the notice rules of HertzBeat: point its webhook at us, as docs/coming-from.md shows',
    'minSeverity is info: whatever HertzBeat hands over is texted, within the caps',
  );
  return { yaml: toYaml(`${file} of HertzBeat`, provided, active.length > 0 ? active : names), notes };
}

/** Spring reads `alerter.sms.type: x` as it reads the nested form, and camelCase as kebab-case. */
function spread(map: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [dotted, value] of Object.entries(map)) {
    const [first = '', ...below] = dotted.split('.');
    const key = first.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`).replaceAll('_', '-');
    const inner = below.length > 0 ? { [below.join('.')]: value } : value;
    out[key] = isMap(inner) ? { ...section(out, key), ...spread(inner) } : inner;
  }
  return out;
}

function section(map: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  const value = map[key];
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
