import { ConfigError } from '../fault.ts';
import {
  type Carried,
  carry,
  type Imported,
  merge,
  type Provided,
  type ReadValue,
  readYamlMaps,
  type Settings,
  toYaml,
} from './imported.ts';

/** Gramex's keys of a notifier under `sms:`, and ours. https://gramener.com/gramex/guide/sms/ */
const TYPES: Readonly<Record<string, { readonly type: string; readonly keys: Readonly<Record<string, Carried>> }>> = {
  amazonsns: {
    type: 'sns',
    keys: {
      aws_access_key_id: { ours: 'accessKeyId', secretAs: 'AWS_ACCESS_KEY_ID' },
      aws_secret_access_key: { ours: 'secretAccessKey', secretAs: 'AWS_SECRET_ACCESS_KEY' },
      region_name: { ours: 'region' },
      smstype: { ours: 'smsType' },
    },
  },
  exotel: {
    type: 'exotel',
    keys: {
      sid: { ours: 'sid' },
      key: { ours: 'key', secretAs: 'EXOTEL_KEY' },
      token: { ours: 'token', secretAs: 'EXOTEL_TOKEN' },
      domain: { ours: 'domain' },
      priority: { ours: 'priority' },
    },
  },
  twilio: {
    type: 'twilio',
    keys: {
      account_sid: { ours: 'accountSid', secretAs: 'TWILIO_ACCOUNT_SID' },
      auth_token: { ours: 'authToken', secretAs: 'TWILIO_AUTH_TOKEN' },
      from: { ours: 'from' },
    },
  },
};

/**
 * The notifiers of a `gramex.yaml` → a config of ours, in their order.
 * @throws {ConfigError} when the file holds no `sms`
 */
export function importGramex(text: string, file: string): Imported {
  const { sms } = readYamlMaps(text, file).reduce<Settings>(merge, {});
  if (typeof sms !== 'object' || sms === null || Array.isArray(sms)) {
    throw new ConfigError([
      { path: 'sms', file, message: 'is not there', hint: 'it must be a map of notifiers, as in sms: { my-sms: { type: exotel, … } }' },
    ]);
  }
  const notes: string[] = [];
  const provided: Provided[] = [];
  for (const [written, notifier] of Object.entries(sms as Record<string, Record<string, unknown> | null>)) {
    const { type, ...settings } = notifier ?? {};
    const known = TYPES[String(type)];
    if (known === undefined) {
      notes.push(`not carried over: sms.${written}, of type "${String(type ?? '')}"`);
      continue;
    }
    const name = nameOf(written);
    if (name !== written) notes.push(`sms.${written} is called ${name} here`);
    provided.push({ name, settings: { type: known.type, ...carry(settings, known.keys, { place: `sms.${written}`, notes, read }) } });
    if (type === 'amazonsns') notes.push(`Gramex gave the sender in each call: say providers.${name}.senderId`);
    if (type === 'exotel')
      notes.push(`Gramex gave the sender in each call: say providers.${name}.from; in India dltEntityId and dltTemplateId too`);
    if (type === 'twilio') notes.push(`Gramex never sent through Twilio: see whether providers.${name} is complete`);
  }
  if (provided.length === 0) throw new ConfigError([{ path: 'sms', file, message: 'holds no notifier that could be carried over' }]);
  notes.push(
    'the order of the providers is that of the file: the first is tried first, the others take over',
    'whom to text is in your handlers: they POST to /v1/alerts now',
  );
  return {
    yaml: toYaml(
      `${file} of Gramex`,
      provided,
      provided.map(({ name }) => name),
    ),
    notes,
  };
}

/** Gramex allows any key; our names are metric labels. */
function nameOf(written: string): string {
  return written.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'sms';
}

/** `$NAME` and `${NAME}` are variables; a secret may begin with a dollar, and then is not in capitals throughout. */
const read: ReadValue = (value, isSecret) => {
  const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$/.exec(value);
  const variable = name?.[1] ?? name?.[2];
  if (variable === undefined || (isSecret && variable !== variable.toUpperCase())) return { kind: 'literal' };
  return { kind: 'variable', name: variable };
};
