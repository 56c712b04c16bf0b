import { ConfigError } from '../fault.ts';
import { type Carried, carry, type Imported, type Provided, REGION, type ReadValue, type Settings, shownName, toYaml } from './imported.ts';
import { readSpringFile, section, settingOf } from './spring-file.ts';

/** Template ids in the format of Tencent, Alibaba and UniSMS. */
const TEMPLATE = /^\w{1,24}$/;

/**
 * HertzBeat's keys under `alerter.sms.<type>`, in kebab-case → ours.
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

const IN_ITS_PAGES = 'settings made in the web interface of HertzBeat are in its database: copy them from there';

/**
 * Converts HertzBeat's `application.yml` to a config. The content of its messages stays the same, byte for byte.
 * @throws {ConfigError} when the file has no `alerter.sms`
 */
export function importHertzbeat(text: string, file: string): Imported {
  const notes: string[] = [];
  const settings = readSpringFile(text, file, notes);
  const [old, present] = ['common', 'alerter'].map((above) => section(section(settings, above), 'sms')) as [Settings, Settings];
  const isOld = Object.keys(present).length === 0;
  if (isOld && Object.keys(old).length === 0) {
    throw new ConfigError([{ path: 'alerter.sms', file, message: 'is missing', hint: IN_ITS_PAGES }]);
  }
  const root = isOld ? 'common.sms' : 'alerter.sms';
  // Up to 1.6.1 it supported Tencent Cloud only, enabled by its app-id.
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
    // The shipped file has sample settings of every type; types without credentials were not used.
    const credentials = Object.values(known.keys).some(({ ours, secretAs }) => secretAs !== undefined && ours in carried);
    if (name !== type && !credentials) continue;
    provided.push({ name, settings: { type: known.type, ...known.also, ...carried } });
  }
  if (provided.length === 0) {
    throw new ConfigError([{ path: root, file, message: 'has no provider settings', hint: IN_ITS_PAGES }]);
  }
  const names = provided.map(({ name }) => name);
  const active = names.filter((name) => name === type);
  const spare = names.filter((name) => name !== type);
  if (enable !== 'true') notes.push(`${root}.enable was not true: HertzBeat sent no messages`);
  if (active.length === 0)
    notes.push(`${root}.type "${shownName(type ?? '', Object.keys(TYPES))}" has no settings: it selects no provider`);
  else if (spare.length > 0) notes.push(`HertzBeat used ${active[0]} only; for failover add ${spare.join(', ')} to routes[0].providers`);
  notes.push(
    'recipients stay in the notice rules of HertzBeat: point its webhook at sms-dispatch, see docs/coming-from.md',
    'minSeverity is info: every alert from HertzBeat is sent, within the caps',
  );
  return { yaml: toYaml(`${file} of HertzBeat`, provided, active.length > 0 ? active : names), notes };
}

/** The shipped file has values such as `YOUR_AUTH_TOKEN` where a value must be set. */
function withoutSamples(settings: Settings): Settings {
  const isSample = (value: unknown) => typeof value === 'string' && /^(YOUR|AWS_REGION)_[A-Z_]+$/.test(value);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => !isSample(value)));
}

/** Spring expands `${NAME}` and `${NAME:default}`; any other dollar is literal. */
const read: ReadValue = (value) => {
  const [whole, name = '', fallback] = /^\$\{([A-Za-z_]\w*)(?::([^{}\n]*))?\}$/.exec(value) ?? [];
  if (whole !== undefined) return { kind: 'variable', name, fallback };
  return { kind: value.includes('${') ? 'composed' : 'literal' };
};
