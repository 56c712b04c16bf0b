import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/pipeline/message.ts';
import { type Content, shapeContent, shapeMessage } from '../../../src/pipeline/sending/shape-message.ts';
import type { Shaping } from '../../../src/policy/route.ts';
import type { Provider } from '../../../src/provider/contract/provider.ts';

const content = (text: string, more: Partial<Content> = {}): Content => ({
  text,
  variables: { instance: 'db–1', priority: 'CRITICAL', content: text },
  ...more,
});

const A_MESSAGE = { id: 'm', to: '+60123456789', expiresAt: 0, severity: 'critical', ...content('x') } as unknown as Message;

describe('the text of a message', () => {
  test('is unchanged where the route sets nothing', () => {
    const said = content('“Größe” '.repeat(300));
    expect(shapeContent(said, 'gsm7')).toEqual(said);
  });

  test('is put into GSM-7 before it is shortened, so that more of it fits', () => {
    const said = shapeContent({ ...content(`“${'a'.repeat(200)}”`), maxSegments: 1, transliterate: true }, 'gsm7');
    expect(said.text).toBe(`"${'a'.repeat(156)}...`);
    expect(said.variables).toEqual({ instance: 'db-1', priority: 'CRITICAL', content: said.text });
  });

  test('keeps its spelling where a target counts all characters alike', () => {
    const said = shapeContent({ ...content('“Größe”'), transliterate: true }, 'ucs2');
    expect(said.text).toBe('“Größe”');
  });

  test('shortens what we filled into a template', () => {
    const template = { name: 'disk', params: { text: 'a'.repeat(200), instance: 'db-1' }, exact: false };
    const said = shapeContent({ ...content('x', { template }), maxSegments: 1 }, 'gsm7');
    expect(said.template).toEqual({ ...template, params: { text: `${'a'.repeat(157)}...`, instance: 'db-1' } });
  });

  test('leaves alone what a producer filled into one, and the text that it is in', () => {
    const said = content('Your code is “1234” '.repeat(20), { template: { name: 'code', params: { code: '“1234”' }, exact: true } });
    expect(shapeContent({ ...said, maxSegments: 1, transliterate: true }, 'gsm7')).toEqual(said);
  });
});

describe('the acknowledgement code', () => {
  const ackCode = 'K7Q2';
  const exact = { name: 'code', params: { ack: '{ack}', code: '1' }, exact: true };
  const filled = { name: 'disk', params: { ack: '{ack}', text: 'x' }, exact: false };

  test.each<[name: string, said: Content & Shaping, text: string]>([
    ['stands at the end of a text', content('Disk full'), 'Disk full Ack: reply K7Q2'],
    ['stands where the text wants it', content('{ack}: Disk full'), 'K7Q2: Disk full'],
    ['is left whole when a text is shortened', { ...content('a'.repeat(300)), maxSegments: 1 }, `${'a'.repeat(141)}... Ack: reply K7Q2`],
    ['costs UCS-2 no other alphabet', { ...content('磁'.repeat(100)), maxSegments: 1 }, `${'磁'.repeat(53)}… Ack: reply K7Q2`],
    [
      'is said once more when the place of it was cut off',
      { ...content(`${'a'.repeat(300)} {ack}`), maxSegments: 1 },
      `${'a'.repeat(141)}... Ack: reply K7Q2`,
    ],
    ['is no business of words that are said exactly', content('Code 1', { template: exact }), 'Code 1'],
    ['stands in exact words that ask for it', content('Code 1, {ack}', { template: exact }), 'Code 1, K7Q2'],
    ['is added to a template of ours without a place for it', content('Disk', { template: filled }), 'Disk Ack: reply K7Q2'],
  ])('%s', (_name, said, text) => {
    expect(shapeContent({ ...said, ackCode }, 'gsm7').text).toBe(text);
  });

  test('is a param of templates, exact or not', () => {
    for (const template of [exact, filled]) {
      expect(shapeContent({ ...content('x', { template }), ackCode }, 'gsm7').template?.params).toMatchObject({ ack: 'K7Q2' });
    }
  });

  test('is left whole by a provider that takes few characters', () => {
    const message = { ...A_MESSAGE, text: 'a'.repeat(200), ackCode };
    const provider = { name: 'short', maxCharacters: 100 } as unknown as Provider;
    expect(shapeMessage(message, provider).text).toBe(`${'a'.repeat(81)}... Ack: reply K7Q2`);
  });
});
