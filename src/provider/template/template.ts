/** One template, and the same in other languages. */
export interface Template extends Wording {
  /** Language tag → what it is in that language; what is left out there is not sent in it. */
  readonly languages?: Readonly<Record<string, Wording>>;
}

/** The text that free-text providers send, and what each vendor with approved templates calls it. */
export interface Wording {
  /** With `{name}` for each parameter. */
  readonly text: string;
  /** Parameters by position: names of ours. */
  readonly tencent?: { readonly id: string; readonly params: readonly string[] };
  /** Parameters by name, the vendor's → ours; left out = the same names. */
  readonly alibaba?: { readonly code: string; readonly params?: Readonly<Record<string, string>> };
  readonly unisms?: { readonly id: string; readonly params?: Readonly<Record<string, string>> };
  readonly exotel?: { readonly dltTemplateId: string };
}

/** By name, as in the config. */
export type Templates = ReadonlyMap<string, Template>;

/** Of a template, and of the language that it is wanted in. */
export interface TemplateChoice {
  /** A key of the config's `templates`. */
  readonly name: string;
  /** Language tag; absent: the language of the template's own text. */
  readonly language?: string | undefined;
}

/** What a template is in a language, or in the next wider one that it has (`zh-Hant-HK`, `zh-Hant`, `zh`), else its own. */
export function wordingOf(templates: Templates, { name, language }: TemplateChoice): Wording | undefined {
  const template = templates.get(name);
  for (let tag = language?.toLowerCase() ?? ''; tag !== ''; tag = tag.replace(/-?[^-]*$/, '')) {
    const found = Object.entries(template?.languages ?? {}).find(([own]) => own.toLowerCase() === tag);
    if (found !== undefined) return found[1];
  }
  return template;
}
