// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the config file
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/fault.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { PROVIDER_TYPES } from '../../src/provider/registry.ts';
import { faultLines, faultsOf, minimal } from './load-yaml.ts';

const withRoute = (keys: string) => minimal().replace('providers: [desk]', `providers: [desk], ${keys}`);
const withProvider = (provider: string) => minimal().replace(' }\n', `, ${provider} }\n`);
const alice = 'contacts: { alice: { phone: "+60123456789", consent: true } }';

const ALL_WEEK = '{ timeZone: UTC, shifts: [{ contacts: [alice] }] }';
/** A rotation whose shifts begin in line 9. */
const withShifts = (...shifts: string[]) =>
  minimal(`${alice}\nrotations:\n  primary:\n   timeZone: UTC\n   shifts:\n${shifts.map((shift) => `    - ${shift}`).join('\n')}`);

/** What a person wrote → every line that he reads. */
const MISTAKES: Readonly<Record<string, readonly (readonly [yaml: string, ...lines: string[]])[]>> = {
  'YAML that cannot be read': [
    ['providers:\n\tdesk: x', 'c.yaml:2:1: a tab in the indentation: use spaces'],
    [
      'providers:\n  a: 1\n b: 2',
      'c.yaml:3:1: wrong indentation: keys of one map start in the same column, and the content of a key is indented further',
    ],
    [
      'routes:\n  - name: a\n   providers: [x]',
      'c.yaml:3:1: wrong indentation: keys of one map start in the same column, and the content of a key is indented further',
    ],
    [
      'routes:\n   - name: a\n     providers: [x]\n  - name: b',
      'c.yaml:4:1: wrong indentation: keys of one map start in the same column, and the content of a key is indented further',
    ],
    [
      'routes:\n  - name: a\n     providers: [x]',
      'c.yaml:2:11: the next line is indented further than this one, which continues the value: keys of one map start in the same column',
    ],
    ['a: [1, 2\nb: 3', 'c.yaml:2:1: unclosed bracket, or its content is not indented'],
    ['a: b: c', 'c.yaml:1:4: a second ": " in one line: put the value in quotes, or the key on its own line'],
    ['a: "x\nb: y', 'c.yaml:2:5: unclosed quote'],
    ['to: *', 'c.yaml:1:5: a value that starts with * must be in quotes'],
    ['to: *oncall', 'c.yaml:1:5: a value that starts with * must be in quotes'],
    ['to: @oncall', 'c.yaml:1:5: a value that starts with @, %, ` or | must be in quotes'],
    ['to: !oncall x', 'c.yaml:1:5: an unknown YAML tag: a value that starts with ! must be in quotes'],
    ['a: "C:\\q"', 'c.yaml:1:7: unknown escape: in double quotes write \\\\ for a backslash, or use single quotes'],
    ['a: 1\n---\nb: 2', 'c.yaml:2:1: a second document starts here: the config must be one document, without ---'],
    ['text: {{ code }}', 'c.yaml:1:8: a map cannot be a key: a value that starts with { must be in quotes'],
    [
      'text: {code} is it',
      'c.yaml:1:14: unexpected in YAML: check brackets, commas, indentation and quotes; a value that starts with { or [ must be in quotes',
    ],
    ['hello', 'c.yaml:1: must be a map of settings, such as providers: and routes:'],
    ['- a', 'c.yaml:1: must be a map of settings, such as providers: and routes:'],
    ['', 'c.yaml providers: is missing', 'c.yaml routes: is missing'],
  ],
  'simulated providers beside real ones': [
    ...(
      [
        ['providers: [tw, desk]', 'c.yaml:5 routes[0].providers[1]'],
        ['providers: [desk, tw]', 'c.yaml:5 routes[0].providers[0]'],
        ['providers: [tw, { name: desk, weight: 3 }]', 'c.yaml:5 routes[0].providers[1].name'],
        ['providers: [tw], countries: { "60": [desk] }', 'c.yaml:5 routes[0].countries.60[0]'],
        ['providers: [desk], countries: { "60": [tw] }', 'c.yaml:5 routes[0].providers[0]'],
        ['providers: [tw, desk], allowSimulated: false', 'c.yaml:5 routes[0].providers[1]'],
      ] as const
    ).map(
      ([keys, place]) =>
        [
          `providers:\n  desk: { type: simulated }\n  tw: { type: sns, region: eu-west-1 }\nroutes:\n  - { ${keys} }`,
          `${place}: simulated provider "desk" in a route with real ones: messages that it accepts reach no phone (remove it, or set allowSimulated: true on the route)`,
        ] as const,
    ),
  ],
  'keys and names': [
    [
      'providers:\n  tw: { type: simulated }\n  tw: { type: nonsense }\nroutes: [{ name: a, providers: [tw] }]',
      'c.yaml:3 providers.tw: two providers with the same name, the first in line 2 (rename one)',
    ],
    [minimal('caps:\n  perHour: off\n  perHour: off'), 'c.yaml:6 caps.perHour: duplicate key, the first in line 5 (remove one)'],
    [minimal('capz: {}'), 'c.yaml:4 capz: unknown key (did you mean "caps"?)'],
    [minimal('nothing-like-it: {}'), 'c.yaml:4 nothing-like-it: unknown key'],
    [
      minimal('constructor: a\nhttp: { toString: b }\ncaps: { __proto__: { hasOwnProperty: c } }'),
      'c.yaml:4 constructor: unknown key',
      'c.yaml:5 http.toString: unknown key',
      'c.yaml:6 caps.__proto__: unknown key',
    ],
    [minimal('"caps\\u0000": 1'), 'c.yaml:4 caps\\u0000: unknown key (did you mean "caps"?)'],
    [minimal('"\\e[31m\\n\\u202e": 1'), 'c.yaml:4 \\u001b[31m\\n\\u202e: unknown key'],
    [minimal(`? ${'x'.repeat(5000)}\n: 1`), `c.yaml:4 ${'x'.repeat(64)}…: unknown key`],
    [
      withRoute('minseverity: info, dedupFor: 1m'),
      'c.yaml:3 routes[0].minseverity: unknown key (did you mean "minSeverity"?)',
      'c.yaml:3 routes[0].dedupFor: unknown key (did you mean "dedupeFor"?)',
    ],
    [
      withProvider('"b c": { type: simulated }'),
      'c.yaml:1 providers.b c: not a valid name: use 1 to 64 letters, digits, . _ or -, starting with a letter or digit; not a phone number',
    ],
    [
      minimal(alice.replace('alice', '"60123456789"')),
      'c.yaml:4 contacts.********789: not a valid name: use 1 to 64 letters, digits, . _ or -, starting with a letter or digit; not a phone number',
    ],
    [minimal('${KEY}: 1'), 'c.yaml:4 ${KEY}: placeholders are allowed in values only, not in keys'],
  ],
  'severity words': [
    [
      minimal('severityWords: { scary: deadly }'),
      'c.yaml:4 severityWords.scary: must be one of info, warning, error, critical, got "deadly"',
    ],
    [
      minimal('severityWords: { Warning: critical }'),
      'c.yaml:4 severityWords.Warning: is itself a severity: it cannot stand for critical, got "critical"',
    ],
    [minimal('severityWords: { " ": info }'), 'c.yaml:4 severityWords. : is not a word: 1 to 64 characters, got "info"'],
    [
      minimal('severityWords: { sev-9: info, SEV 9: critical }'),
      'c.yaml:4 severityWords.SEV 9: is the same word as "sev-9": case, spaces, - and _ are ignored, got "critical"',
    ],
    [minimal('severityWords: [scary]'), 'c.yaml:4 severityWords: must be a map of settings, got a list'],
  ],
  providers: [
    [
      withProvider('b: { type: twillio }'),
      `c.yaml:1 providers.b.type: must be one of ${PROVIDER_TYPES.join(', ')}, got "twillio" (did you mean "twilio"?)`,
    ],
    [withProvider('b: { }'), `c.yaml:1 providers.b.type: is missing: one of ${PROVIDER_TYPES.join(', ')}`],
    [withProvider('b:'), 'c.yaml:1 providers.b: must be a map of settings, got nothing'],
    [withProvider('b: { type: simulated, timeuot: 3s }'), 'c.yaml:1 providers.b.timeuot: unknown key (did you mean "timeout"?)'],
    [
      withProvider('b: { type: simulated, timeout: 5 sec }'),
      'c.yaml:1 providers.b.timeout: must be a duration such as 30s, 15m or 1h, got "5 sec"',
    ],
    [withProvider('b: { type: simulated, maxPerSecond: many }'), 'c.yaml:1 providers.b.maxPerSecond: must be a number, got "many"'],
    [withProvider('b: { type: http }'), 'c.yaml:1 providers.b.url: is missing'],
    [
      withProvider('b: { type: http, url: "https://x.example", body: { to: "{to}", text: !!binary "aGk=" } }'),
      'c.yaml:1 providers.b.body.text: must be a JSON value: text, a number, true, false, null, a list or a map, got 2 characters',
    ],
    [
      'providers: {}\nroutes: []',
      'c.yaml:1 providers: must name at least one provider, got an empty map',
      'c.yaml:2 routes: must have at least one route, got an empty list',
    ],
  ],
  secrets: [
    [
      withProvider('tw: { type: twilio, accountSid: AC00000000000000000000000000000001, authToken: ${TWILIO_AUTH_TOKEN}, from: x }'),
      'c.yaml:1 providers.tw.authToken: environment variable TWILIO_AUTH_TOKEN is not set (set it, read a file with ${file:/path}, or add a default: ${TWILIO_AUTH_TOKEN:-default})',
    ],
    [
      withProvider('tw: { type: twilio, accountSid: AC00000000000000000000000000000001, authToken: "${EMPTY}", from: x }'),
      'c.yaml:1 providers.tw.authToken: environment variable EMPTY is empty (set it, read a file with ${file:/path}, or add a default: ${EMPTY:-default})',
    ],
    [
      withProvider('tw: { type: twilio, accountSid: AC00000000000000000000000000000001, authToken: , from: x }'),
      'c.yaml:1 providers.tw.authToken: secret is missing: set it, preferably as ${NAME} from the environment or ${file:/run/secrets/name}',
    ],
    [
      minimal('http: { tokens: [ $TOKEN ] }'),
      'c.yaml:4 http.tokens[0]: invalid placeholder: write ${NAME}, ${NAME:-default} or ${file:/path} (for a literal dollar before a brace write $${)',
    ],
    [
      minimal('http: { tokens: [ "${file:/not/there}" ] }'),
      'c.yaml:4 http.tokens[0]: cannot read the file /not/there: ENOENT (check that the file exists and that this user may read it)',
    ],
    [
      minimal('http: { tokens: [ "${file:empty.txt}" ] }'),
      'c.yaml:4 http.tokens[0]: the file empty.txt is empty (it must contain only the secret)',
    ],
  ],
  routes: [
    [
      minimal().replace('{ desk:', '{ twilio-main:').replace('[desk]', '[twillio, sns]'),
      'c.yaml:3 routes[0].providers[0]: no provider named "twillio" (did you mean "twilio-main"?)',
      'c.yaml:3 routes[0].providers[1]: no provider named "sns" (providers: twilio-main)',
    ],
    [minimal().replace('[desk]', '[]'), 'c.yaml:3 routes[0].providers: must name at least one provider, got an empty list'],
    [minimal().replace(', providers: [desk]', ''), 'c.yaml:3 routes[0].providers: is missing'],
    [minimal().replace('[desk]', 'desk'), 'c.yaml:3 routes[0].providers: must be a list, got "desk"'],
    [minimal().replace('[desk]', '[desk, desk]'), 'c.yaml:3 routes[0].providers[1]: provider "desk" is listed twice (remove one)'],
    [
      minimal().replace('[desk]', '[{ name: dek, weight: 0 }, { weight: 1 }, { name: desk, weigth: 1 }]'),
      'c.yaml:3 routes[0].providers[0].weight: must be more than 0; remove the provider to send nothing through it, got 0',
      'c.yaml:3 routes[0].providers[1].name: is missing',
      'c.yaml:3 routes[0].providers[2].weight: is missing',
      'c.yaml:3 routes[0].providers[2].weigth: unknown key (did you mean "weight"?)',
      'c.yaml:3 routes[0].providers[0].name: no provider named "dek" (did you mean "desk"?)',
    ],
    [
      withRoute('countries: { China: [desk], "86": [desk, { name: desk, weight: 1 }], 60: [dsk] }'),
      'c.yaml:3 routes[0].countries.60[0]: no provider named "dsk" (did you mean "desk"?)',
      'c.yaml:3 routes[0].countries.86[1].name: provider "desk" is listed twice (remove one)',
      'c.yaml:3 routes[0].countries.China: not a calling code: one to three digits, such as 86',
    ],
    [minimal('  - { name: default, providers: [desk] }'), 'c.yaml:4 routes[1].name: two routes named "default" (the first is routes[0])'],
    [
      withRoute('minSeverity: crtical'),
      'c.yaml:3 routes[0].minSeverity: must be one of info, warning, error, critical, got "crtical" (did you mean "critical"?)',
    ],
    [withRoute('overflow: dorp'), 'c.yaml:3 routes[0].overflow: must be one of defer, drop, digest, got "dorp" (did you mean "drop"?)'],
    [withRoute('onUnknown: maybe'), 'c.yaml:3 routes[0].onUnknown: must be one of resend, hold, got "maybe"'],
    [
      `${withRoute('template: dsik')}templates: { disk: { text: x } }`,
      'c.yaml:3 routes[0].template: no template named "dsik" (did you mean "disk"?)',
    ],
    [withRoute('template: disk'), 'c.yaml:3 routes[0].template: no template named "disk" (there are no templates)'],
    [withRoute('maxSegments: 0'), 'c.yaml:3 routes[0].maxSegments: must be at least 1, got 0'],
    [withRoute('maxSegments: 11'), 'c.yaml:3 routes[0].maxSegments: must be at most 10, got 11'],
    [withRoute('transliterate: sometimes'), 'c.yaml:3 routes[0].transliterate: must be true or false, got "sometimes"'],
    [withRoute('dedupeFor: 30'), 'c.yaml:3 routes[0].dedupeFor: must be a duration such as 30s, 15m or 1h, got 30'],
    [withRoute('expiresAfter: 0'), 'c.yaml:3 routes[0].expiresAfter: must be a duration from 1s to 2d, got 0'],
    [withRoute('expiresAfter: 3d'), 'c.yaml:3 routes[0].expiresAfter: must be a duration from 1s to 2d, got "3d"'],
    [
      withRoute('match: { severity: [critical, deadly] }'),
      'c.yaml:3 routes[0].match.severity[1]: must be one of info, warning, error, critical, got "deadly"',
    ],
    [
      withRoute('match: { purpose: login }'),
      'c.yaml:3 routes[0].match.purpose: must be one of alert, verification, notification, got "login"',
    ],
    [
      withRoute('match: { source: "/a(/" }'),
      'c.yaml:3 routes[0].match.source: is not a regular expression: Unterminated group, got "/a(/"',
    ],
    [
      withRoute('match: { source: "/^(?!test)/" }'),
      'c.yaml:3 routes[0].match.source: is not valid RE2 syntax: no (?=…), (?!…), (?<=…), (?<!…), no \\1, no \\u0041, no count above 1000, got "/^(?!test)/"',
    ],
    [
      withRoute('match: { source: [ "/a/" ] }'),
      'c.yaml:3 routes[0].match.source[0]: a list cannot contain a pattern: use one pattern, such as /a|b/, got "/a/"',
    ],
    [withRoute('match: { label: { a: b } }'), 'c.yaml:3 routes[0].match.label: unknown key (did you mean "labels"?)'],
    [
      withRoute('match: { labels: { a: { b: c } } }'),
      'c.yaml:3 routes[0].match.labels.a: must be text, a list of texts or a /pattern/, got a map',
    ],
  ],
  caps: [
    [
      minimal('caps: { perRecipient: [{ max: 0, per: 0 }] }'),
      'c.yaml:4 caps.perRecipient[0].max: a cap must be at least 1: 0 allows no message, got 0 (to disable it, set perRecipient: [])',
      'c.yaml:4 caps.perRecipient[0].per: a window of 0 has no effect, got 0 (such as per: 1h)',
    ],
    [minimal('caps: { weight: parts }'), 'c.yaml:4 caps.weight: must be one of messages, segments, got "parts"'],
    [minimal('caps: { perRecipient: [{ max: 5 }] }'), 'c.yaml:4 caps.perRecipient[0].per: is missing: a duration such as 30s, 15m or 1h'],
    [
      minimal('caps: { perRecipient: { max: 5, per: 1h } }'),
      'c.yaml:4 caps.perRecipient: must be a list such as [{ max: 5, per: 1h }], or off, got a map',
    ],
    [
      minimal('caps: { perHour: { max: 0 } }'),
      'c.yaml:4 caps.perHour.max: a cap must be at least 1: 0 allows no message, got 0 (to disable it, set perHour: off)',
    ],
    [minimal('caps: { perHour: 0 }'), 'c.yaml:4 caps.perHour: must be such as { max: 100, criticalReserve: 20 }, or off, got 0'],
    [
      minimal('caps: { perHour: { max: 20, criticalReserve: 20 } }'),
      'c.yaml:4 caps.perHour.criticalReserve: must be less than max (20): otherwise only criticals pass, got 20',
    ],
    [minimal('caps: { perHour: { max: 1.5 } }'), 'c.yaml:4 caps.perHour.max: must be a whole number, got 1.5'],
    [
      minimal('caps: { perHour: { mox: 5 } }'),
      'c.yaml:4 caps.perHour.max: is missing',
      'c.yaml:4 caps.perHour.mox: unknown key (did you mean "max"?)',
    ],
  ],
  'contacts, groups and webhooks': [
    [
      minimal('contacts: { bob: { phone: 012-345 6789 } }'),
      'c.yaml:4 contacts.bob.phone: no country code: write it as +<country><number>, or set defaultCountry in the config, got "012*******789"',
    ],
    [
      minimal('contacts: { bob: { phone: "60,123,456,789" } }'),
      'c.yaml:4 contacts.bob.phone: looks like a spreadsheet number, whose digits may have changed: format the column as text and write +<country><number>, got "60,*******789"',
    ],
    [
      minimal('webhooks: { to: ["whatsapp:+60123456789"] }'),
      'c.yaml:4 webhooks.to[0]: is an address of another channel (whatsapp), not SMS: write only the number, as +<country><number>, got "wha*******789"',
    ],
    [
      minimal('contacts: { bob: { phone: "+60" } }'),
      'c.yaml:4 contacts.bob.phone: not a possible phone number: write it as +<country><number>, for example +60123456789, got "+60"',
    ],
    [
      minimal('contacts: { bob: "+60198765432" }'),
      'c.yaml:4 contacts.bob: must be such as { phone: "+60123456789", consent: true }, got "+********432"',
    ],
    [
      minimal('contacts: { bob: { phone: "+60123456789", consent: yes } }'),
      'c.yaml:4 contacts.bob.consent: must be true or false, got "yes"',
    ],
    [
      minimal(`${alice}\ngroups: { oncall: [alise, contact:alice, bob, "+60123456789"], empty: [] }`),
      'c.yaml:5 groups.empty: must name at least one contact, got an empty list',
      'c.yaml:5 groups.oncall[0]: no contact named "alise" (did you mean "alice"?)',
      'c.yaml:5 groups.oncall[1]: no contact named "contact:alice" (did you mean "alice"?)',
      'c.yaml:5 groups.oncall[2]: no contact named "bob" (contacts: alice)',
      'c.yaml:5 groups.oncall[3]: no contact named "+********789" (expected the name of a contact: add the number under contacts)',
    ],
    [
      minimal(`${alice}\nwebhooks: { to: [alice, contact:alcie, group:oncall, "12"] }`),
      'c.yaml:5 webhooks.to[0]: neither a phone number nor contact:<name>, group:<name> or rotation:<name>, got "alice" (did you mean "contact:alice"?)',
      'c.yaml:5 webhooks.to[1]: no such contact: "contact:alcie" (did you mean "contact:alice"?)',
      'c.yaml:5 webhooks.to[2]: no such group: "group:oncall" (there are no groups)',
      'c.yaml:5 webhooks.to[3]: neither a phone number nor contact:<name>, group:<name> or rotation:<name>, got "12"',
    ],
    [
      minimal('contacts: { bob: { phone: "+44 909 8790123", consent: true } }'),
      'c.yaml:4 contacts.bob.phone: is a premium-rate number, whose owner earns from every message: not allowed, got "+44*******123"',
    ],
    [
      minimal(
        'webhooks: { to: ["+449098790123", "+60", primary, rotation:primray] }\nrotations: { primary: { timeZone: UTC, shifts: [{ contacts: [al] }] } }',
      ),
      'c.yaml:4 webhooks.to[0]: is a premium-rate number, whose owner earns from every message: not allowed, got "+44*******123"',
      'c.yaml:4 webhooks.to[1]: neither a phone number nor contact:<name>, group:<name> or rotation:<name>, got "+60"',
      'c.yaml:4 webhooks.to[2]: neither a phone number nor contact:<name>, group:<name> or rotation:<name>, got "primary" (did you mean "rotation:primary"?)',
      'c.yaml:4 webhooks.to[3]: no such rotation: "rotation:primray" (did you mean "rotation:primary"?)',
      'c.yaml:5 rotations.primary.shifts[0].contacts[0]: no contact named "al" (there are no contacts)',
    ],
    [
      minimal(
        `${alice}\ngroups: { oncall: [group:dbb, group:dba, dba, rotation:night, primary], dba: [alice] }\nrotations: { primary: ${ALL_WEEK} }`,
      ),
      'c.yaml:5 groups.oncall[0]: no such group: "group:dbb" (did you mean "group:dba"?)',
      'c.yaml:5 groups.oncall[2]: no contact named "dba" (did you mean "group:dba"?)',
      'c.yaml:5 groups.oncall[3]: no such rotation: "rotation:night" (rotations: primary)',
      'c.yaml:5 groups.oncall[4]: no contact named "primary" (did you mean "rotation:primary"?)',
    ],
    [
      minimal('groups:\n  all: [group:oncall]\n  oncall: [group:dba]\n  dba: [group:net, group:oncall]\n  net: [group:net, group:dba]'),
      'c.yaml:7 groups.dba[1]: group oncall contains itself: oncall → dba → oncall (remove this entry)',
      'c.yaml:8 groups.net[0]: group net contains itself: net → net (remove this entry)',
      'c.yaml:8 groups.net[1]: group dba contains itself: dba → net → dba (remove this entry)',
    ],
    [
      minimal(
        'channels: { mail: { type: email, smtp: "smtp://h", from: a@b.c, to: [ops@example.com, ops, oncall, contact:bob] } }\ngroups: { oncall: [alice] }\ncontacts: { alice: { phone: "+60123456789", consent: true } }',
      ),
      'c.yaml:4 channels.mail.to[1]: neither an e-mail address nor contact:<name>, group:<name> or rotation:<name>, got "ops"',
      'c.yaml:4 channels.mail.to[2]: neither an e-mail address nor contact:<name>, group:<name> or rotation:<name>, got "oncall" (did you mean "group:oncall"?)',
      'c.yaml:4 channels.mail.to[3]: no such contact: "contact:bob" (contacts: alice)',
    ],
    [
      minimal('defaultCountry: Malaysia'),
      'c.yaml:4 defaultCountry: must be a country code of two letters (ISO 3166), such as MY, got "Malaysia"',
    ],
  ],
  rotations: [
    [
      minimal(
        `${alice}\nrotations:\n primary:\n  timeZone: Asia/Kuala_Lumpur\n  shifts: [{ contacts: [alcie] }]\n  overrides: [{ from: "2026-12-24 18:00", to: "2026-12-26 09:00", contacts: [group:alice] }]`,
      ),
      'c.yaml:8 rotations.primary.shifts[0].contacts[0]: no contact named "alcie" (did you mean "alice"?)',
      'c.yaml:9 rotations.primary.overrides[0].contacts[0]: no contact named "group:alice" (contacts: alice)',
    ],
    [
      minimal(
        `${alice}\nrotations:\n primary: { timeZone: Kuala Lumpur, shifts: [{ days: [mo], from: 9am, to: "25:00", contacts: [alice] }], overrides: [] }`,
      ),
      'c.yaml:6 rotations.primary.timeZone: unknown time zone, got "Kuala Lumpur" (an IANA name, such as Asia/Kuala_Lumpur, Europe/Berlin or UTC)',
      'c.yaml:6 rotations.primary.shifts[0].days[0]: must be one of mon, tue, wed, thu, fri, sat, sun, got "mo" (did you mean "mon"?)',
      'c.yaml:6 rotations.primary.shifts[0].from: must be a time of day in quotes such as "22:00", got "9am"',
      'c.yaml:6 rotations.primary.shifts[0].to: must be a time of day in quotes such as "22:00", got "25:00"',
    ],
    [
      withShifts(
        '{ days: [mon, tue, wed, thu, fri], from: "09:00", to: "18:00", contacts: [alice] }',
        '{ days: [mon], from: "17:00", to: "22:00", contacts: [alice] }',
        '{ days: [sun], from: "20:00", to: "09:30", contacts: [alice] }',
        '{ days: [sat, sun], from: "06:00", to: "20:00", contacts: [alice] }',
        '{ from: "05:00", to: "05:01", contacts: [alice] }',
      ),
      'c.yaml:10 rotations.primary.shifts[1]: mon 17:00–22:00 overlaps shifts[0], mon tue wed thu fri 09:00–18:00: both cover Mon 17:00 to Mon 18:00 (end one where the other begins; for single days use overrides)',
      'c.yaml:11 rotations.primary.shifts[2]: sun 20:00–09:30 overlaps shifts[0], mon tue wed thu fri 09:00–18:00: both cover Mon 09:00 to Mon 09:30 (end one where the other begins; for single days use overrides)',
      'c.yaml:13 rotations.primary.shifts[4]: every day 05:00–05:01 overlaps shifts[2], sun 20:00–09:30: both cover Mon 05:00 to Mon 05:01 (end one where the other begins; for single days use overrides)',
    ],
    [
      `${withShifts('{ contacts: [alice] }')}\n   overrides:\n    - { from: "2026-12-26 09:00", to: "2026-12-24 18:00", contacts: [alice] }\n    - { from: "2026-02-30 09:00", to: "2026-03-01 24:30", contacts: [alice] }\n    - { from: tomorrow, to: "2026-03-01 09:00", contacts: [alice] }`,
      'c.yaml:11 rotations.primary.overrides[0].to: must be after from ("2026-12-26 09:00"), got "2026-12-24 18:00"',
      'c.yaml:12 rotations.primary.overrides[1].from: no such date or time in this time zone, got "2026-02-30 09:00"',
      'c.yaml:12 rotations.primary.overrides[1].to: no such date or time in this time zone, got "2026-03-01 24:30"',
      'c.yaml:13 rotations.primary.overrides[2].from: must be a date and time such as "2026-12-24 18:00", got "tomorrow"',
    ],
    [
      withShifts('{ days: [mon], contacts: [alice] }', '{ contacts: [alice] }'),
      'c.yaml:10 rotations.primary.shifts[1]: every day all day overlaps shifts[0], mon all day: both cover Mon 00:00 to Tue 00:00 (end one where the other begins; for single days use overrides)',
    ],
  ],
  'names that other sections use': [
    [
      `${withRoute('escalation: standrad')}escalations: { standard: [{ sms: true }] }`,
      'c.yaml:3 routes[0].escalation: no escalation named "standrad" (did you mean "standard"?)',
    ],
    [
      minimal('escalations: { standard: [{ channels: [ops-chat, ops-mail] }] }\nchannels: { ops-chta: { type: slack, url: "https://x" } }'),
      'c.yaml:4 escalations.standard[0].channels[0]: no channel named "ops-chat" (did you mean "ops-chta"?)',
      'c.yaml:4 escalations.standard[0].channels[1]: no channel named "ops-mail" (channels: ops-chta)',
    ],
    [
      minimal('money: { currency: USD, prices: { dsek: { "60": 0.05 }, twilio: { other: 1 } } }'),
      'c.yaml:4 money.prices.dsek: no provider named "dsek" (did you mean "desk"?)',
      'c.yaml:4 money.prices.twilio: no provider named "twilio" (providers: desk)',
    ],
    [
      minimal('caps: { perCountry: { China: [{ max: 1, per: 1h }], "+86": off, 86: off } }'),
      'c.yaml:4 caps.perCountry.China: not a calling code: one to three digits, such as 86',
      'c.yaml:4 caps.perCountry.+86: not a calling code: one to three digits, such as 86',
    ],
    [minimal('countries: [60, MY]'), 'c.yaml:4 countries[1]: not a calling code: one to three digits, such as 60, got "MY"'],
  ],
  templates: [
    [
      minimal('templates: { a: { text: "Hi {{ name }}" } }'),
      'c.yaml:4 templates.a.text: a brace without a placeholder, got "Hi {{ name }}" (a placeholder is {name}: letters, digits and _ in single braces, without spaces)',
    ],
    [
      minimal('templates: { a: { text: "Hi ${name}" } }'),
      'c.yaml:4 templates.a.text: environment variable name is not set (a placeholder in a text is {name}, without the dollar)',
    ],
    [
      minimal('templates: { a: { text: {code} } }'),
      'c.yaml:4 templates.a.text: must be text, got an empty map (in YAML, a value that starts with { must be in quotes)',
    ],
    [
      minimal(
        'templates: { a: { text: "{code}", tencent: { id: 1, params: [code, minutes] }, alibaba: { code: X, params: { c: cod } } } }',
      ),
      'c.yaml:4 templates.a.tencent.params[1]: is not a placeholder of the text, so it would stay empty, got "minutes" (the text has code)',
      'c.yaml:4 templates.a.alibaba.params.c: is not a placeholder of the text, so it would stay empty, got "cod" (did you mean "code"?)',
    ],
  ],
  'templates in other languages': [
    [
      minimal(
        'templates: { login: { text: "Code {code}, {minutes} min", languages: { ms: { text: "Kod {kode}" }, de: { text: "Code {code}" }, fr: { text: "{code} {minutes} {rest}" } } } }',
      ),
      'c.yaml:4 templates.login.languages.ms.text: lacks {code}, {minutes} of the main text and has {kode}, which is not in the main text, got "Kod {kode}" (did you mean "code"?)',
      'c.yaml:4 templates.login.languages.de.text: lacks {minutes} of the main text, got "Code {code}"',
      'c.yaml:4 templates.login.languages.fr.text: has {rest}, which is not in the main text, got "{code} {minutes} {rest}"',
    ],
    [
      minimal('templates: { login: { text: "Code", languages: { Malay!: { text: "Kod" } } } }'),
      'c.yaml:4 templates.login.languages.Malay!: must be a language tag such as en, ms or zh-Hans',
    ],
  ],
  'the rest': [
    [
      minimal('http: { host: 0.0.0.0 }'),
      'c.yaml:4 http.host: other machines can reach "0.0.0.0", and http.tokens is not set (set http.tokens: [ ${SMS_DISPATCH_TOKEN} ], or listen on 127.0.0.1)',
    ],
    [
      minimal('http: { host: "0.0.0.0:80", port: 70000 }'),
      'c.yaml:4 http.port: must be a port: a whole number from 0 (any free one) to 65535, got 70000',
      'c.yaml:4 http.host: must be a host name or an IP address; the port has its own setting, got "0.0.0.0:80"',
    ],
    [
      minimal('http: { publicUrl: sms.example.com }'),
      'c.yaml:4 http.publicUrl: must be the http(s) address under which providers reach the receiver, such as https://sms.example.com, got "sms.example.com"',
    ],
    [
      minimal('redis: { prefix: {sms} }'),
      'c.yaml:4 redis.prefix: must be text, got an empty map (in YAML, a value that starts with { must be in quotes)',
    ],
    [
      minimal('redis: { url: "redis+cluster://:hush@one:6379,two:6379", prefix: sms }'),
      'c.yaml:4 redis.prefix: must hold a part in braces, such as {sms}: a Redis Cluster keeps together what has the same {…} in its name, got "sms"',
    ],
    [
      minimal('worker: { concurrency: 0, lock: 10 }'),
      'c.yaml:4 worker.concurrency: must be at least 1, got 0',
      'c.yaml:4 worker.lock: must be a duration such as 30s, 15m or 1h, got 10',
    ],
    [minimal('shutdown: { grace: 2d }'), 'c.yaml:4 shutdown.grace: must be a duration from 0 to 1h, got "2d"'],
    [minimal('logLevel: verbose'), 'c.yaml:4 logLevel: must be one of trace, debug, info, warn, error, fatal, silent, got "verbose"'],
    [minimal('a: &n 5\nworker: { concurrency: *n }\nredis: { prefix: *n }'), 'c.yaml:4 a: unknown key'],
  ],
};

for (const [about, mistakes] of Object.entries(MISTAKES)) {
  describe(about, () => {
    test.each(mistakes.map(([yaml, ...lines]) => ({ yaml, lines })))('$lines.0', ({ yaml, lines }) => {
      expect(faultLines(yaml, { env: { EMPTY: '' }, files: { 'empty.txt': '\n' } })).toEqual(lines);
    });
  });
}

test.each([
  ['as a type', 'providers: { a: { type: "+60198765432" } }', 'routes: [{ name: default, providers: [a] }]'],
  [
    'as the name of a provider that others could have been',
    'providers: { "+60198765432": { type: simulated } }',
    'routes: [{ name: r, providers: [a] }]',
  ],
  ['as the name of a contact', minimal('contacts: { "60198765432": { phone: "+60198765433" } }'), 'groups: { g: [other] }'],
  ['as the name of a group', minimal('groups: { "+60 19-876 5432": [x] }'), 'x: 1'],
  [
    'as the name of a route, twice',
    'providers: { a: { type: simulated } }',
    'routes: [{ name: "60198765432", providers: [a] }, { name: "60198765432", providers: [a] }]',
  ],
  ['as the name of a template', minimal('templates: { "60198765432": { text: "{" } }'), 'x: 1'],
  ['as a time zone', minimal('quietHours: { from: "22:00", to: "07:00", timeZone: "60198765432" }'), 'x: 1'],
  ['as a key, twice', minimal('"60198765432": 1'), '"60198765432": 2'],
])('a phone number %s is not shown whole', (_what, ...lines) => {
  const said = faultLines(lines.join('\n')).join('\n');
  expect(said).not.toMatch(/60198765432|19-876/);
  expect(said).toMatch(/\*432/);
});

test.each([
  ['HOST', 'h'.repeat(5000)],
  ['PORT', '9'.repeat(5000)],
  ['LOG_LEVEL', 'l'.repeat(5000)],
  ['REDIS_URL', `redis://${'r'.repeat(5000)}:x`],
])('a long %s is cut', (name, value) => {
  const [line = ''] = faultLines(minimal(), { env: { [name]: value } });
  expect(line).toMatch(new RegExp(`^env ${name}: `));
  expect(line.length).toBeLessThan(600);
});

test.each([
  ['a host', minimal(`http: { host: ${'h'.repeat(5000)} }`)],
  ['a name that others could have been', `providers: { ${'p'.repeat(5000)}: { type: simulated } }\nroutes: [{ name: r, providers: [a] }]`],
  ['a value with quotes in it', minimal(`logLevel: '${'a"b\\'.repeat(1000).replaceAll("'", '')}'`)],
  ['words', minimal(`defaultCountry: ${'word '.repeat(1000)}x`)],
  ['a provider', `providers: { a: { type: simulated } }\nroutes: [{ name: r, providers: [${'p'.repeat(5000)}] }]`],
])('%s of 5,000 characters is cut where a fault shows it', (_what, yaml) => {
  for (const line of faultLines(yaml)) expect(line.length).toBeLessThan(600);
});

test('all faults of the file and of the environment are reported together, in the order of the file', () => {
  const yaml = `providers:
  desk: { type: simulatd }
routes:
  - { name: a, providers: [dsk], expiresAfter: soon }
caps: { perHour: { max: 0 } }
http: { host: 10.0.0.1, tokens: [] }
groups: { g: [nobody] }
wroker: {}`;
  const { faults, message } = faultsOf(yaml, { env: { PORT: '99999', LOG_LEVEL: 'loud' } });
  expect(faults.map(({ path, line }) => [path, line])).toEqual([
    ['providers.desk.type', 2],
    ['routes[0].expiresAfter', 4],
    ['routes[0].providers[0]', 4],
    ['caps.perHour.max', 5],
    ['http.host', 6],
    ['groups.g[0]', 7],
    ['wroker', 8],
    ['env PORT', undefined],
    ['env LOG_LEVEL', undefined],
  ]);
  expect(message.split('\n')).toHaveLength(faults.length);
});

describe('the environment', () => {
  test.each([
    ['PORT', 'http', 'env PORT: must be a port: a whole number from 0 (any free one) to 65535, got "http"'],
    ['PORT', '-1', 'env PORT: must be a port: a whole number from 0 (any free one) to 65535, got "-1"'],
    ['METRICS_PORT', '65536', 'env METRICS_PORT: must be a port: a whole number from 0 (any free one) to 65535, got "65536"'],
    ['HOST', 'a b', 'env HOST: must be a host name or an IP address; the port has its own setting, got "a b"'],
    [
      'HOST',
      '0.0.0.0',
      'env HOST: other machines can reach "0.0.0.0", and http.tokens is not set (set http.tokens: [ ${SMS_DISPATCH_TOKEN} ], or listen on 127.0.0.1)',
    ],
    [
      'LOG_LEVEL',
      'inof',
      'env LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent, got "inof" (did you mean "info"?)',
    ],
  ])('%s=%s', (name, value, line) => {
    expect(faultLines(minimal(), { env: { [name]: value } })).toEqual([line]);
  });

  test('REDIS_URL is refused without being printed', () => {
    const [line] = faultLines(minimal(), { env: { REDIS_URL: 'htp://:hunter2@redis' } });
    expect(line).toMatch(/^env REDIS_URL: .*redis:\/\/host:6379.*, got 20 characters$/);
  });

  test('a host that others reach is fine with a token', () => {
    expect(() => faultLines(minimal('http: { tokens: [t] }'), { env: { HOST: '0.0.0.0' } })).toThrow('the config was accepted');
  });
});

describe('a file that is not there', () => {
  const load = (path?: string) => {
    try {
      loadConfig({ path, env: path === undefined ? { SMS_DISPATCH_CONFIG: '' } : {} });
    } catch (error) {
      if (error instanceof ConfigError) return String(error);
    }
    throw new Error('not refused');
  };

  test('names the one that comes with the package', () => {
    expect(load('nowhere.yaml')).toMatch(
      /^nowhere\.yaml: no such file \(copy the example of sms-dispatch: \/.*\/config\/sms-dispatch\.yaml\)$/,
    );
  });

  test('by default says which flag and which variable name another', () => {
    const home = process.cwd();
    process.chdir('/');
    try {
      expect(load()).toMatch(
        /^config\/sms-dispatch\.yaml: no such file \(copy .*, or name another with --config or SMS_DISPATCH_CONFIG\)$/,
      );
    } finally {
      process.chdir(home);
    }
  });

  test('is distinguished from a directory', () => {
    expect(load('/')).toBe('/: is a directory, not a file');
  });
});

test('a fault can be read by a program', () => {
  expect(JSON.parse(JSON.stringify(faultsOf(minimal('logLevel: inof')).faults))).toEqual([
    {
      path: 'logLevel',
      file: 'c.yaml',
      line: 4,
      value: '"inof"',
      message: 'must be one of trace, debug, info, warn, error, fatal, silent',
      hint: 'did you mean "info"?',
    },
  ]);
});
