import { placeholders } from '../../alert/text.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Finding } from '../finding.ts';
import { record, type Section } from '../source/raw-file.ts';

/** A text in another language must ask for what the template's own text asks for: nobody would fill in the rest. */
export function languageFaults(file: Section): Finding[] {
  return Object.entries(record(file.templates)).flatMap(([name, template]) => {
    const { text: main, languages } = record(template);
    if (typeof main !== 'string') return [];
    const wanted = placeholders(main);
    return Object.entries(record(languages)).flatMap(([language, wording]): Finding[] => {
      const { text } = record(wording);
      if (typeof text !== 'string') return [];
      const found = placeholders(text);
      const missing = wanted.filter((placeholder) => !found.includes(placeholder));
      const strange = found.filter((placeholder) => !wanted.includes(placeholder));
      if (missing.length + strange.length === 0) return [];
      return [
        {
          path: ['templates', name, 'languages', language, 'text'],
          message: [
            ...(missing.length > 0 ? [`lacks ${inBraces(missing)} of the template's own text`] : []),
            ...(strange.length > 0 ? [`has ${inBraces(strange)}, which the template's own text has not`] : []),
          ].join(' and '),
          hint: strange.map((placeholder) => didYouMean(placeholder, wanted))[0],
        },
      ];
    });
  });
}

function inBraces(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}
