import { ConfigError } from '../fault.ts';
import { type Carried, carry, type Imported, type Provided, REGION, type ReadValue, type Settings, shownName, toYaml } from './imported.ts';
import { readSpringFile, section, settingOf } from './spring-file.ts';

/** As Tencent, Alibaba and UniSMS number them. */
const TEMPLATE = /^\w{1,24}$/;

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
        'app-id': { ours: 'appId', form: /^\d{1,20}$/ },
        'sign-name': { ours: 'signName' },
        'template-id': { ours: 'templateId', form: TEMPLATE },
      },
    },
    alibaba: {
      type: 'alibaba',
      keys: {
        'access-key-id': { ours: 'accessKeyId', secretAs: 'ALIBABA_CLOUD_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'accessKeySecret', secretAs: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET' },
        'sign-name': { ours: 'signName' },
        'template-code': { ours: 'templateCode', form: TEMPLATE },
      },
    },
    unisms: {
      type: 'unisms',
      keys: {
        'auth-mode': { ours: 'authMode', form: /^(?:simple|hmac)$/ },
        'access-key-id': { ours: 'accessKeyId', secretAs: 'UNISMS_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'accessKeySecret', secretAs: 'UNISMS_ACCESS_KEY_SECRET' },
        signature: { ours: 'signature' },
        'template-id': { ours: 'templateId', form: TEMPLATE },
      },
    },
    // HertzBeat names itself as the sender.
    smslocal: { type: 'smslocal', keys: { 'api-key': { ours: 'apiKey', secretAs: 'SMSLOCAL_API_KEY' } }, also: { from: 'Hertzbeat' } },
    aws: {
      type: 'aws-sms-voice',
      keys: {
        'access-key-id': { ours: 'accessKeyId', secretAs: 'AWS_SMS_ACCESS_KEY_ID' },
        'access-key-secret': { ours: 'secretAccessKey', secretAs: 'AWS_SMS_SECRET_ACCESS_KEY' },
        region: { ours: 'region', form: REGION },
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

const IN_ITS_PAGES = "settings made in HertzBeat's own pages are in its database: copy them from there";

/**
 * HertzBeat's `application.yml` → a config of ours. Its texts stay what they were, byte for byte.
 * @throws {ConfigError} when the file holds no `alerter.sms`
 */
export function importHertzbeat(text: string, file: string): Imported {
  const notes: string[] = [];
  const settings = readSpringFile(text, file, notes);
  const [old, present] = ['common', 'alerter'].map((above) => section(section(settings, above), 'sms')) as [Settings, Settings];
  const isOld = Object.keys(present).length === 0;
  if (isOld && Object.keys(old).length === 0) {
    throw new ConfigError([{ path: 'alerter.sms', file, message: 'is not there', hint: IN_ITS_PAGES }]);
  }
  const root = isOld ? 'common.sms' : 'alerter.sms';
  // Up to 1.6.1 it was Tencent Cloud, turned on by its app-id.
  const { enable: written, type: chosen, ...rest } = isOld ? { enable: 'true', type: 'tencent', ...old } : present;
  const [enable, type] = [settingOf(written), settingOf(chosen)];
  const provided: Provided[] = [];
  for (const [name, settings] of Object.entries(rest)) {
    const known = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    const own = section(rest, name);
    if (known === undefined || typeof settings !== 'object') {
      notes.push(`not carried over: ${root}.${shownName(name, ['enable', 'type', ...Object.keys(TYPES)])}`);
      continue;
    }
    const carried = carry(withoutSamples(own), known.keys, { place: `${root}.${name}`, notes, read });
    if (Object.keys(carried).length === 0) continue;
    // The file as it ships has something of every type; what nobody put credentials into nobody used.
    const credentials = Object.values(known.keys).some(({ ours, secretAs }) => secretAs !== undefined && ours in carried);
    if (name !== type && !credentials) continue;
    provided.push({ name, settings: { type: known.type, ...known.also, ...carried } });
  }
  if (provided.length === 0) {
    throw new ConfigError([{ path: root, file, message: 'holds the settings of no provider', hint: IN_ITS_PAGES }]);
  }
  const names = provided.map(({ name }) => name);
  const active = names.filter((name) => name === type);
  const spare = names.filter((name) => name !== type);
  if (enable !== 'true') notes.push(`${root}.enable was not true: HertzBeat sent no texts`);
  if (active.length === 0)
    notes.push(`${root}.type "${shownName(type ?? '', Object.keys(TYPES))}" has no settings of its own: no provider is chosen by it`);
  else if (spare.length > 0)
    notes.push(`HertzBeat used ${active[0]} alone; ${spare.join(', ')} may stand behind it in routes[0].providers, to take over`);
  notes.push(
    'who is texted stays in the notice rules of HertzBeat: point its webhook at us, as docs/coming-from.md shows',
    'minSeverity is info: whatever HertzBeat hands over is texted, within the caps',
  );
  return { yaml: toYaml(`${file} of HertzBeat`, provided, active.length > 0 ? active : names), notes };
}

/** As it ships the file says `YOUR_AUTH_TOKEN` and the like where something is to be put in. */
function withoutSamples(settings: Settings): Settings {
  const isSample = (value: unknown) => typeof value === 'string' && /^(YOUR|AWS_REGION)_[A-Z_]+$/.test(value);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => !isSample(value)));
}

/** Spring knows `${NAME}` and `${NAME:default}`; any other dollar is a dollar. */
const read: ReadValue = (value) => {
  const [whole, name = '', fallback] = /^\$\{([A-Za-z_]\w*)(?::([^{}\n]*))?\}$/.exec(value) ?? [];
  if (whole !== undefined) return { kind: 'variable', name, fallback };
  return { kind: value.includes('${') ? 'composed' : 'literal' };
};
