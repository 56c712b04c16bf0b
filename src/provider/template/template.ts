/** A template with its translations. */
export interface Template extends Wording {
  /** Language tag → wording in that language; a vendor missing there is not used for it. */
  readonly languages?: Readonly<Record<string, Wording>>;
}

/** The text for free-text providers, and the template ids at vendors with approved templates. */
export interface Wording {
  /** Text with `{name}` for each parameter. */
  readonly text: string;
  /** Parameters by position: our names. */
  readonly tencent?: { readonly id: string; readonly params: readonly string[] };
  /** Parameters by name, vendor → ours; default: identical names. */
  readonly alibaba?: { readonly code: string; readonly params?: Readonly<Record<string, string>> };
  readonly unisms?: { readonly id: string; readonly params?: Readonly<Record<string, string>> };
  readonly exotel?: { readonly dltTemplateId: string };
}

/** Templates by name, as in the config. */
export type Templates = ReadonlyMap<string, Template>;

/** A template and the wanted language. */
export interface TemplateChoice {
  /** Key of the config's `templates`. */
  readonly name: string;
  /** Language tag; absent: the language of the template's own text. */
  readonly language?: string | undefined;
}

/**
 * Returns the wording of a template in a language, else in the closest broader one (`zh-Hant-HK`, `zh-Hant`, `zh`),
 * else its default.
 */
export function wordingOf(templates: Templates, { name, language }: TemplateChoice): Wording | undefined {
  const template = templates.get(name);
  for (let tag = language?.toLowerCase() ?? ''; tag !== ''; tag = tag.replace(/-?[^-]*$/, '')) {
    const found = Object.entries(template?.languages ?? {}).find(([own]) => own.toLowerCase() === tag);
    if (found !== undefined) return found[1];
  }
  return template;
}
