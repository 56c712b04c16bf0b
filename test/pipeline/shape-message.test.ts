import { describe, expect, test } from 'vitest';
import { type Content, shapeContent } from '../../src/pipeline/shape-message.ts';

const content = (text: string, more: Partial<Content> = {}): Content => ({
  text,
  variables: { instance: 'db–1', priority: 'CRITICAL', content: text },
  ...more,
});

describe('what is to be said', () => {
  test('stays as it is where the route wants nothing', () => {
    const said = content('“Größe” '.repeat(300));
    expect(shapeContent(said, 'gsm7')).toEqual(said);
  });

  test('is put into GSM-7 before it is shortened, so that more of it fits', () => {
    const said = shapeContent({ ...content(`“${'a'.repeat(200)}”`), maxSegments: 1, transliterate: true }, 'gsm7');
    expect(said.text).toBe(`"${'a'.repeat(156)}...`);
    expect(said.variables).toEqual({ instance: 'db-1', priority: 'CRITICAL', content: said.text });
  });

  test('keeps its spelling where a carrier counts all characters alike', () => {
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
