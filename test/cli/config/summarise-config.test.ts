import { expect, test } from 'vitest';
import { formatConfigSummary, summariseConfig } from '../../../src/cli/config/summarise-config.ts';
import { loadYaml } from '../../config/load-yaml.ts';

const RULES = `
providers: { sim: { type: simulated } }
routes: [{ name: loud, providers: [sim], caps: { perRecipient: [{ max: 1, per: 1m }], perRoute: [{ max: 50, per: 1d }] } }]
caps:
  perRecipient: [{ max: 1, per: 1m }, { max: 5, per: 15m }]
  perSource: [{ max: 30, per: 1h }]
  perCountry: { "86": [{ max: 50, per: 1d }], "65": off }
quietHours: { from: "22:00", to: "07:05", timeZone: Asia/Kuala_Lumpur, override: error }
`;

test('A summary lists every configured cap, and quiet hours', () => {
  const text = formatConfigSummary(summariseConfig(loadYaml(RULES).config));
  const lines = text.split('\n').map((line) => line.trim());
  const from = lines.findIndex((line) => line.startsWith('caps'));
  expect(lines.slice(from, from + 7).map((line) => line.replace(/ {2,}/, ' '))).toEqual([
    'caps each phone: 1 per 1m and 5 per 15m',
    'each source: 30 per 1h',
    '+86: 50 per 1d',
    'each phone on loud: 1 per 1m',
    'loud: 50 per 1d',
    'all phones: 100 per 1h, 20 of them reserved for criticals',
    'quiet hours 22:00 to 07:05 Asia/Kuala_Lumpur, except error and above',
  ]);
});

test('A summary lists escalations, also those without messages, rotations, countries and budgets', () => {
  const more = `
channels: { chat: { type: slack, url: "https://chat.example/x" } }
escalations: { calm: [{ channels: [chat] }], grave: [{ channels: [chat] }, { after: 20m, sms: true }] }
countries: ["60", "65"]
contacts: { alice: { phone: "+60123456789", consent: true } }
rotations: { primary: { timeZone: UTC, shifts: [{ contacts: [alice] }] } }
money: { currency: USD, prices: { sim: { other: 1 } }, budgets: { day: { soft: 5, hard: 10.5 }, month: { hard: 99 } } }
`;
  const routes =
    'routes: [{ name: bad, match: { severity: critical }, escalation: grave, providers: [sim] }, { name: rest, escalation: calm, providers: [sim] }]';
  const text = formatConfigSummary(summariseConfig(loadYaml(`providers: { sim: { type: simulated } }\n${routes}${more}`).config));
  const lines = text.split('\n').map((line) => line.trim().replace(/ {2,}/, ' '));
  for (const line of [
    'routes bad: severity critical, critical (alerts), info (others) and up, immediately: chat; after 20m: sms; within 1h, by sim',
    'rest: everything, critical (alerts), info (others) and up, immediately: chat; sends no messages',
    'rotations primary',
    'countries +60, +65',
    'budgets day: 10.5 USD, above 5 criticals only',
    'month: 99 USD',
  ])
    expect(lines).toContain(line);
});
