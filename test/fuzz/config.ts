// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { parse } from 'yaml';
import { ConfigError, type Fault, formatFault } from '../../src/config/fault.ts';
import { importGramex } from '../../src/config/import/import-gramex.ts';
import { importHertzbeat } from '../../src/config/import/import-hertzbeat.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Random } from '../chaos/random.ts';
import { createRecord, type FuzzOptions, type FuzzResult, leaksIn, randomOf, rawWordsIn } from './fuzz.ts';
import { mutateBytes, mutateValue, ODD_TEXTS, PHONE, toJson } from './mutate.ts';

/** One reading takes some 30 ms, on a busy machine ten times that. */
const DEADLINE_MS = 5_000;
/** What stands in the environment and in the files as a secret begins so. */
const SECRET = 'fuzzed-secret-';

const ACCOUNT_SID = `AC${'0'.repeat(32)}`;
/** Those that are no secrets, and those whose form is checked. */
const PLAIN_ENV: Readonly<Record<string, string>> = {
  TWILIO_ACCOUNT_SID: ACCOUNT_SID,
  TWILIO_FROM: '+15005550006',
  AWS_SMS_REGION: 'eu-west-1',
  PUBLIC_URL: 'https://sms.example.com',
  KANNEL_URL: 'http://127.0.0.1:13013',
  ONCALL_PHONE: PHONE,
  ONCALL_EMAIL: 'alice@example.com',
  CHAT_URL: `https://hooks.slack.com/services/T0/B0/${SECRET}chat`,
  SMTP_URL: `smtps://user:${SECRET}smtp@mail.example.com:465`,
  MAIL_FROM: 'alerts@example.com',
  REDIS_URL: `redis://:${SECRET}redis@127.0.0.1:6379`,
};

const HERTZBEAT = `
alerter:
  sms:
    enable: true
    type: unisms
    tencent: { secret-id: ${SECRET}a, secret-key: ${SECRET}b, app-id: 1400006666, sign-name: 赫兹跳动, template-id: 0134 }
    alibaba: { access-key-id: ${SECRET}c, access-key-secret: ${SECRET}d, sign-name: ops, template-code: SMS_123 }
    unisms: { auth-mode: hmac, access-key-id: ${SECRET}e, access-key-secret: ${SECRET}f, signature: ops, template-id: pub_1 }
    smslocal: { api-key: ${SECRET}g }
    aws: { access-key-id: ${SECRET}h, access-key-secret: "\${AWS_KEY:${SECRET}i}", region: eu-west-1 }
    twilio: { account-sid: ${SECRET}j, auth-token: ${SECRET}k, twilio-phone-number: "+15005550006" }
---
common.sms.tencent.secret-key: ${SECRET}l
`;
const GRAMEX = `
sms:
  a: { type: exotel, sid: acme1, token: ${SECRET}m, from: OPS }
  b: { type: twilio, account_sid: ${ACCOUNT_SID}, auth_token: ${SECRET}n, from: "+15005550006" }
`;
const PEOPLE = `
contacts:
  carol: { phone: "${PHONE}", consent: true, timeZone: Asia/Kuala_Lumpur }
  dave: { phone: "+60198765433", email: dave@example.com, quietHours: { from: "23:00", to: "06:30" } }
groups: { second: [carol, dave] }
rotations:
  night: { timeZone: Europe/Berlin, shifts: [{ contacts: [carol] }], overrides: [{ from: "2026-12-24 18:00", to: "2026-12-26 09:00", contacts: [dave] }] }
`;
/** In place of values: references, placeholders, dates, patterns, URLs and zones that are nearly right. */
const ODD_YAML = [
  '*none',
  '&a [*a]',
  '!!binary x',
  '!!js/function "x"',
  '2026-13-01',
  '0o17',
  '.inf',
  '"${file:/dev/null}"',
  '"${file:/}"',
  '"${UNSET}"',
  '"${TWILIO_AUTH_TOKEN}"',
  '"${A:-${B}}"',
  '"${"',
  '"/(a+)+$/"',
  '"/[/"',
  '"/(?=x)/"',
  '30 sec',
  '1h30m',
  '-5m',
  '99999999999h',
  '25:00',
  'CST',
  'Mars/Base',
  '"http://user:pass@"',
  '"smtps://ops:Pa55#2@host"',
  '"redis://[::1"',
  '"<<": *x',
  '{ }',
  '[ ]',
  '~',
  '|',
  '- - - x',
  '"rotation:night"',
  '"group:second"',
];

/** Reads mutations of config files, contact files, environments and files of other systems. */
export async function fuzzConfig({ count, seed, onProgress, onEnd }: FuzzOptions): Promise<FuzzResult> {
  const dir = mkdtempSync(join(tmpdir(), 'sms-fuzz-'));
  onEnd(async () => rmSync(dir, { recursive: true, force: true }));
  const seeds = seedFiles();
  const env = environmentOf(seeds);
  const { ended, breaks, ends, broken } = createRecord();
  for (let input = 0; input < count; input++) {
    const random = randomOf(seed, input);
    const began = performance.now();
    const { end, complaints } = random.next() < 0.15 ? tryImport(random) : tryConfig(random, { dir, seeds, env });
    const tookMs = performance.now() - began;
    if (tookMs > DEADLINE_MS) complaints.push(`took ${Math.round(tookMs)} ms`);
    ended(end);
    breaks(input, ...complaints);
    if (input % 200 === 0) {
      onProgress?.(input);
      await breathe();
    }
  }
  return { tried: count, ends, broken };
}

/** The shipped files, the first with everything switched on that stands behind a #. */
function seedFiles(): string[] {
  const main = readFileSync('config/sms-dispatch.yaml', 'utf8')
    .replace(/^( *)# ( *(?:(?:- )?[A-Za-z-]+:( |$)|- \{))/gm, '$1$2')
    .replace(/^contactFiles:.*\n/m, '');
  const examples = readdirSync('config').filter((name) => name !== 'sms-dispatch.yaml');
  return [main, main, main, ...examples.map((name) => readFileSync(join('config', name), 'utf8'))];
}

function environmentOf(files: readonly string[]): Readonly<Record<string, string>> {
  const names = files.flatMap((text) => [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name));
  return Object.fromEntries(names.map((name) => [name, PLAIN_ENV[name] ?? `${SECRET}${name}`]));
}

interface Tried {
  readonly end: string;
  readonly complaints: string[];
}

interface Files {
  readonly dir: string;
  readonly seeds: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function tryConfig(random: Random, { dir, seeds, env }: Files): Tried {
  const path = join(dir, 'c.yaml');
  const usesPeople = random.next() < 0.3;
  if (usesPeople) writeFileSync(join(dir, 'people.yaml'), mutateYaml(PEOPLE, random));
  const seedText = `${random.pick(seeds)}${usesPeople ? '\ncontactFiles: [people.yaml]\n' : ''}`;
  // Two faults that are there whatever else is: they must be said together.
  const marks = random.next() < 0.2;
  const mutated = mutateYaml(marks ? `${seedText}\nzzUnknownA: 1\nzzUnknownB: 2\n` : seedText, random);
  writeFileSync(path, mutated);
  const changedEnv =
    random.next() < 0.2 ? { ...env, [random.pick([...Object.keys(env), 'PORT', 'HOST', 'LOG_LEVEL'])]: random.pick(ODD_TEXTS) } : env;
  try {
    const { warnings } = loadConfig({ path, env: changedEnv });
    return { end: 'read', complaints: warnings.flatMap(judgeFault) };
  } catch (error) {
    if (!(error instanceof ConfigError)) return { end: 'thrown', complaints: [`threw ${(error as Error).stack}`] };
    const { faults } = error;
    const complaints = faults.flatMap(judgeFault);
    if (faults.length === 0) complaints.push('refused without a fault');
    const places = faults.map((fault) => fault.path);
    if (marks && places.includes('zzUnknownA') !== places.includes('zzUnknownB') && isWhole(mutated))
      complaints.push('one of two faults is not said');
    return { end: 'refused', complaints };
  }
}

/** Both marks are still keys of the file. */
function isWhole(text: string | Buffer): boolean {
  return /^zzUnknownA: 1$/m.test(text.toString()) && /^zzUnknownB: 2$/m.test(text.toString());
}

function judgeFault(fault: Fault): string[] {
  const { path, file, message, hint = '' } = fault;
  const line = formatFault(fault);
  const complaints = [...leaksIn(line, [SECRET]), ...rawWordsIn(message), ...rawWordsIn(hint)];
  if (path === '' && file === undefined) complaints.push(`a fault without a place: ${line}`);
  if (message.trim() === '') complaints.push(`a fault without a message: ${JSON.stringify(fault)}`);
  if (message === 'is not valid' || message.startsWith('has none of the forms'))
    complaints.push(`says not what is wrong: ${line.slice(0, 300)}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that a terminal obeys
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(line))
    complaints.push(`a control character: ${JSON.stringify(line.slice(0, 300))}`);
  if (line.length > 2_000) complaints.push(`${line.length} characters long: ${line.slice(0, 200)}`);
  return complaints;
}

function tryImport(random: Random): Tried {
  const [read, text] = random.pick([[importHertzbeat, HERTZBEAT] as const, [importGramex, GRAMEX] as const]);
  try {
    const { yaml, notes } = read(mutateYaml(text, random).toString(), 'application.yml');
    return { end: 'imported', complaints: leaksIn(`${yaml}\n${notes.join('\n')}`, [SECRET]) };
  } catch (error) {
    if (!(error instanceof ConfigError)) return { end: 'thrown', complaints: [`import threw ${(error as Error).stack}`] };
    return { end: 'import refused', complaints: error.faults.flatMap(judgeFault) };
  }
}

function mutateYaml(text: string, random: Random): string | Buffer {
  switch (random.between(0, 5)) {
    case 0:
      return mutateBytes(Buffer.from(text), random);
    case 1:
    case 2:
      return mutateLines(text, random);
    case 3:
      return text.replace(/(?<=[:,[] )["'\w$+][^,}\]\n#]*/g, (value) => (random.next() < 0.02 ? random.pick(ODD_YAML) : value));
    default: {
      // Several documents are no value; those are changed as text.
      if (/^---/m.test(text)) return mutateLines(text, random);
      return toJson(mutateValue(parse(text, { merge: true, maxAliasCount: -1, uniqueKeys: false }), random));
    }
  }
}

function mutateLines(text: string, random: Random): string {
  const lines = text.split('\n');
  const at = random.between(0, lines.length - 1);
  const line = lines[at] as string;
  switch (random.between(0, 5)) {
    case 0:
      return lines.toSpliced(at, 1).join('\n');
    case 1:
      return lines.toSpliced(at, 0, line).join('\n');
    case 2:
      return lines.with(at, `${' '.repeat(random.between(0, 3))}${line.trimStart()}`).join('\n');
    case 3:
      return lines.with(at, line.replace(/[^:]*$/, ` ${random.pick(ODD_YAML)}`)).join('\n');
    case 4:
      return lines.with(at, line.replace(/: .*/, `: ${JSON.stringify(random.pick(ODD_TEXTS))}`)).join('\n');
    default:
      return lines.join(random.pick(['\r\n', '\r', '\n\t']));
  }
}
