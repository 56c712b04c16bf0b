import { ConfigError } from '../fault.ts';
import { maskNumbers } from '../printable.ts';
import {
  type Carried,
  carry,
  hasFormOfName,
  type Imported,
  isMap,
  merge,
  type Provided,
  REGION,
  type ReadValue,
  readYamlMaps,
  type Settings,
  shownName,
  toYaml,
} from './imported.ts';

/** Gramex's keys of a notifier under `sms:` → ours. https://gramener.com/gramex/guide/sms/ */
const TYPES: Readonly<Record<string, { readonly type: string; readonly keys: Readonly<Record<string, Carried>> }>> = {
  amazonsns: {
    type: 'sns',
    keys: {
      aws_access_key_id: { ours: 'accessKeyId', secretAs: 'AWS_ACCESS_KEY_ID' },
      aws_secret_access_key: { ours: 'secretAccessKey', secretAs: 'AWS_SECRET_ACCESS_KEY' },
      region_name: { ours: 'region', form: REGION },
      smstype: { ours: 'smsType', form: /^(?:Transactional|Promotional)$/ },
    },
  },
  exotel: {
    type: 'exotel',
    keys: {
      sid: { ours: 'sid', form: /^\w{1,24}$/ },
      key: { ours: 'key', secretAs: 'EXOTEL_KEY' },
      token: { ours: 'token', secretAs: 'EXOTEL_TOKEN' },
      domain: { ours: 'domain', form: /^[a-z\d-]+(?:\.[a-z\d-]+)+$/i },
      priority: { ours: 'priority', form: /^(?:normal|high)$/ },
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
 * Converts the notifiers of a `gramex.yaml` to a config, in their order.
 * @throws {ConfigError} when the file has no `sms`
 */
export function importGramex(text: string, file: string): Imported {
  const { sms } = readYamlMaps(text, file).reduce<Settings>(merge, {});
  if (typeof sms !== 'object' || sms === null || Array.isArray(sms)) {
    throw new ConfigError([
      { path: 'sms', file, message: 'is missing', hint: 'it must be a map of notifiers, as in sms: { my-sms: { type: exotel, … } }' },
    ]);
  }
  const notes: string[] = [];
  const provided: Provided[] = [];
  for (const [written, notifier] of Object.entries(sms)) {
    const place = `sms.${shownName(written)}`;
    if (!isMap(notifier)) {
      notes.push(`not carried over: ${place}, which is not a map of settings`);
      continue;
    }
    const { type, ...settings } = notifier;
    const known = Object.hasOwn(TYPES, String(type)) ? TYPES[String(type)] : undefined;
    if (known === undefined) {
      notes.push(`not carried over: ${place}, of type "${shownName(String(type ?? ''), Object.keys(TYPES))}"`);
      continue;
    }
    const name = nameOf(
      written,
      provided.map((other) => other.name),
    );
    if (name !== written) notes.push(`${place} is renamed to ${name}`);
    provided.push({ name, settings: { type: known.type, ...carry(settings, known.keys, { place, notes, read }) } });
    if (type === 'amazonsns') notes.push(`Gramex set the sender in each call: set providers.${name}.senderId`);
    if (type === 'exotel')
      notes.push(`Gramex set the sender in each call: set providers.${name}.from, and in India dltEntityId and dltTemplateId`);
    if (type === 'twilio') notes.push(`Gramex never sent through Twilio: check that providers.${name} is complete`);
  }
  if (provided.length === 0) throw new ConfigError([{ path: 'sms', file, message: 'has no notifier that can be carried over' }]);
  notes.push(
    'providers keep the order of the file: the first is tried first, the others are failover',
    'recipients are set in your handlers: change them to POST to /v1/alerts',
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

/** Returns a unique name. Gramex allows any key; our names are metric labels, so none may be a phone number. */
function nameOf(written: string, taken: readonly string[]): string {
  const word = written.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  const base = word === '' || maskNumbers(word) !== word || !hasFormOfName(written) ? 'sms' : word;
  const numbered = [base, ...taken.map((_, index) => `${base}-${index + 2}`)];
  return numbered.find((name) => !taken.includes(name)) as string;
}

/** `$NAME` and `${NAME}` are variables; a secret may start with a dollar, and is then not all upper case. */
const read: ReadValue = (value, isSecret) => {
  const name = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})$/.exec(value);
  const variable = name?.[1] ?? name?.[2];
  if (variable === undefined || (isSecret && variable !== variable.toUpperCase())) return { kind: 'literal' };
  return { kind: 'variable', name: variable };
};
