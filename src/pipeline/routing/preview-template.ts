import type { E164 } from '../../alert/phone/phone.ts';
import { countSegments, isGsm7, type SegmentRule } from '../../alert/segments.ts';
import { fillTemplate, placeholders } from '../../alert/text.ts';
import type { Config } from '../../config/config.ts';
import { priceOf } from '../../limit/budget/price.ts';
import { templateBookOf } from '../../provider/registry.ts';
import { fitTemplate } from '../../provider/template/fill-template.ts';
import { wordingOf } from '../../provider/template/template.ts';

/** Preview of a template in one language. */
export interface Preview {
  readonly language: string;
  readonly text: string;
  readonly characters: number;
  readonly alphabet: 'GSM-7' | 'UCS-2';
  readonly providers: readonly ProviderPreview[];
}

export interface ProviderPreview {
  readonly provider: string;
  /** Template id at the vendor; `null`: sent as free text, or in the vendor's default template. */
  readonly template: string | null;
  readonly segments: number;
  /** Price in units of `money.currency`; `null` without a price or a number. */
  readonly price: number | null;
  /** Params that this provider would reject, and why, such as `VARIABLE_TOO_LONG`. */
  readonly misfits: readonly { readonly param: string; readonly unfit: string }[];
}

export interface PreviewRequest {
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  /** Number for price and segment rule. */
  readonly to?: E164 | undefined;
  /** Segment rule of a provider for `to`. */
  readonly ruleOf: (provider: string) => SegmentRule;
}

/** Returns missing and unknown params of a template. */
export function strayParams(text: string, params: Readonly<Record<string, string>>): { missing: string[]; unknown: string[] } {
  const wanted = placeholders(text);
  return {
    missing: wanted.filter((name) => !Object.hasOwn(params, name)),
    unknown: Object.keys(params).filter((name) => !wanted.includes(name)),
  };
}

const MICRO = 1_000_000;

/** Previews the default language first, then every translation. */
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
