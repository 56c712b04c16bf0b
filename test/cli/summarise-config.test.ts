import { expect, test } from 'vitest';
import { formatConfigSummary, summariseConfig } from '../../src/cli/summarise-config.ts';
import { loadYaml } from '../config/load-yaml.ts';

const RULES = `
providers: { sim: { type: simulated } }
routes: [{ name: loud, providers: [sim], caps: { perRecipient: [{ max: 1, per: 1m }], perRoute: [{ max: 50, per: 1d }] } }]
caps:
  perRecipient: [{ max: 1, per: 1m }, { max: 5, per: 15m }]
  perSource: [{ max: 30, per: 1h }]
  perCountry: { "86": [{ max: 50, per: 1d }], "65": off }
quietHours: { from: "22:00", to: "07:05", timeZone: Asia/Kuala_Lumpur, override: error }
`;

test('A summary tells of each cap that there is, and of quiet hours', () => {
  const text = formatConfigSummary(summariseConfig(loadYaml(RULES).config));
  const lines = text.split('\n').map((line) => line.trim());
  const from = lines.findIndex((line) => line.startsWith('caps'));
  expect(lines.slice(from, from + 7).map((line) => line.replace(/ {2,}/, ' '))).toEqual([
    'caps each phone: 1 per 1m and 5 per 15m',
    'each source: 30 per 1h',
    '+86: 50 per 1d',
    'each phone on loud: 1 per 1m',
    'loud: 50 per 1d',
    'all phones: 100 per 1h, 20 of them for criticals only',
    'quiet hours 22:00 to 07:05 Asia/Kuala_Lumpur, error and up come all the same',
  ]);
});
