import type { E164 } from '../../alert/phone.ts';
import { countSegments, isGsm7, type SegmentRule } from '../../alert/segments.ts';
import { fillTemplate, placeholders } from '../../alert/text.ts';
import type { Config } from '../../config/config.ts';
import { priceOf } from '../../limit/budget/price.ts';
import { templateBookOf } from '../../provider/registry.ts';
import { fitTemplate } from '../../provider/template/fill-template.ts';
import { wordingOf } from '../../provider/template/template.ts';

/** A template as it would be sent in one language. */
export interface Preview {
  readonly language: string;
  readonly text: string;
  readonly characters: number;
  readonly alphabet: 'GSM-7' | 'UCS-2';
  readonly providers: readonly ProviderPreview[];
}

export interface ProviderPreview {
  readonly provider: string;
  /** The vendor's own id of it; `null`: it goes as free text, or in the vendor's default template. */
  readonly template: string | null;
  readonly segments: number;
  /** In units of `money.currency`; `null` where no price covers it, or no number is at hand. */
  readonly price: number | null;
  /** Params that this provider would refuse, and why, such as `VARIABLE_TOO_LONG`. */
  readonly misfits: readonly { readonly param: string; readonly unfit: string }[];
}

export interface PreviewRequest {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** Whose price is shown, and whose country decides how segments are counted. */
  readonly to?: E164 | undefined;
  /** How a provider counts the segments of a text to `to`. */
  readonly ruleOf: (provider: string) => SegmentRule;
}

/** The params that a template wants and was not given, and those that it does not know. */
export function strayParams(text: string, params: Readonly<Record<string, string>>): { missing: string[]; unknown: string[] } {
  const wanted = placeholders(text);
  return {
    missing: wanted.filter((name) => !Object.hasOwn(params, name)),
    unknown: Object.keys(params).filter((name) => !wanted.includes(name)),
  };
}

const MICRO = 1_000_000;

/** In its own language first, then in every other that it has. */
export function previewTemplate(
  { name, params, to, ruleOf }: PreviewRequest,
  { templates, providers, money, defaultLanguage }: Pick<Config, 'templates' | 'providers' | 'money' | 'defaultLanguage'>,
): Preview[] {
  const languages = [undefined, ...Object.keys(templates.get(name)?.languages ?? {})];
  return languages.map((language) => {
    const text = fillTemplate(wordingOf(templates, { name, language })?.text ?? '', params);
    const message = {
      template: { name, language, params, exact: true },
      variables: { instance: '', priority: '', content: text },
    };
    return {
      language: language ?? defaultLanguage,
      text,
      characters: [...text].length,
      alphabet: isGsm7(text) ? 'GSM-7' : 'UCS-2',
      providers: [...providers].map(([provider, config]) => {
        const book = templateBookOf(config);
        const fitted = book && fitTemplate(message, templates, book);
        const segments = countSegments(text, ruleOf(provider));
        const price = to === undefined || money === undefined ? undefined : priceOf(money, provider, to, segments);
        return {
          provider,
          template: fitted?.id ?? null,
          segments,
          price: price === undefined ? null : price / MICRO,
          misfits: fitted?.misfits.map(({ param, unfit }) => ({ param, unfit })) ?? [],
        };
      }),
    };
  });
}
