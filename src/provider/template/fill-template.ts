import { placeholders } from '../../alert/text.ts';
import { graphemes } from '../../text/graphemes.ts';
import { ProviderError, type SmsMessage } from '../contract/provider.ts';
import { neutraliseLinks } from './neutralise-links.ts';
import { type Templates, type Wording, wordingOf } from './template.ts';

/** What a vendor's approved template of ours is called there, and which of our params go into its variables. */
export interface VendorTemplate {
  readonly id: string;
  /** The vendor's name of a variable (or its position) and ours, in the vendor's order. */
  readonly variables: readonly (readonly [theirs: string, ours: string])[];
}

/** What a vendor allows in one variable. */
export interface VariableRules {
  /** UTF-16 units, at least 1. */
  readonly maxLength?: number | undefined;
  /** URLs, host names and IP addresses are refused. */
  readonly noLinks?: boolean | undefined;
}

/** How a vendor of approved templates goes by ours. */
export interface TemplateBook {
  /** Of the template for what has none of its own there: instance, priority, content. */
  readonly defaultId: string;
  readonly rules: VariableRules;
  /** `undefined` for one that the vendor does not know. */
  find(wording: Wording): VendorTemplate | undefined;
}

export interface FilledTemplate {
  readonly id: string;
  readonly values: readonly (readonly [theirs: string, value: string])[];
}

/** A param of ours that cannot be said exactly, and why. */
export interface Misfit extends Unfit {
  readonly param: string;
}

/** The template that a vendor is to fill in for a message, or why it would refuse it (`content`). */
export function fillVendorTemplate(message: SmsMessage, templates: Templates, book: TemplateBook): FilledTemplate | ProviderError {
  const { misfits, ...filled } = fitTemplate(message, templates, book);
  return misfits[0] === undefined ? filled : new ProviderError('content', { code: misfits[0].unfit });
}

/**
 * A message whose template the vendor does not know goes into the vendor's own default one, as instance, priority and
 * content. `values` are all there when there are no `misfits`.
 */
export function fitTemplate(
  { template, variables }: Pick<SmsMessage, 'template' | 'variables'>,
  templates: Templates,
  { defaultId, rules, find }: TemplateBook,
): FilledTemplate & { readonly misfits: readonly Misfit[] } {
  const own = template && wordingOf(templates, template);
  const found = own && find(own);
  const { id, variables: wanted } = found ?? { id: defaultId, variables: THREE };
  const source: Readonly<Record<string, string>> = found === undefined ? variables : (template?.params ?? {});
  const exact = template?.exact ?? false;
  const values: [string, string][] = [];
  const misfits: Misfit[] = [];
  for (const [theirs, ours] of wanted) {
    const value = Object.hasOwn(source, ours) ? (source[ours] as string) : '';
    const fitted = found === undefined ? fitDefault(ours, value, rules, exact) : fitVariable(value, rules, exact);
    if (typeof fitted === 'string') values.push([theirs, fitted]);
    else misfits.push({ param: ours, ...fitted });
  }
  return { id, values, misfits };
}

/** The variables of a vendor's default template, there named or ordered as here. */
export const DEFAULT_VARIABLES = ['instance', 'priority', 'content'] as const;

const THREE: VendorTemplate['variables'] = DEFAULT_VARIABLES.map((name) => [name, name]);

/** For vendors whose variables have names: theirs → ours as the config says, else the same ones. */
export function variablesByName({ text }: Wording, params: Readonly<Record<string, string>> | undefined): VendorTemplate['variables'] {
  return params === undefined ? placeholders(text).map((name) => [name, name] as const) : Object.entries(params);
}

/** Around a text that is to be said exactly, instance and priority are ours, and so are the line breaks of our template. */
function fitDefault(name: string, value: string, rules: VariableRules, exact: boolean): string | Unfit {
  return name === 'content' ? fitVariable(toOneLine(value), rules, exact) : fitVariable(value, rules, false);
}

/** Why a value that is to be said exactly cannot be said here. */
export interface Unfit {
  readonly unfit: 'VARIABLE_EMPTY' | 'VARIABLE_CONTROL' | 'VARIABLE_LINK' | 'VARIABLE_TOO_LONG';
}

/**
 * One value made fit for a vendor: never empty, one line, without links where they are forbidden, not too long. One that
 * is to be said exactly stays as it is, or else does not fit.
 */
export function fitVariable(value: string, rules: VariableRules, exact: boolean): string | Unfit {
  return exact ? judgeExact(value, rules) : makeFit(value, rules);
}

function judgeExact(value: string, { maxLength = Number.POSITIVE_INFINITY, noLinks = false }: VariableRules): string | Unfit {
  if (BLANK.test(value)) return { unfit: 'VARIABLE_EMPTY' };
  if (value.search(UNPRINTABLE) >= 0) return { unfit: 'VARIABLE_CONTROL' };
  if (noLinks && neutraliseLinks(value) !== value) return { unfit: 'VARIABLE_LINK' };
  return value.length > maxLength ? { unfit: 'VARIABLE_TOO_LONG' } : value;
}

function makeFit(value: string, { maxLength, noLinks = false }: VariableRules): string {
  const withoutLinks = (text: string) => (noLinks ? neutraliseLinks(text).trim() : text);
  const line = withoutLinks(toOneLine(value));
  if (BLANK.test(line)) return '-';
  // `1.2.3.4.5` is no address, but the head of it is.
  return maxLength === undefined ? line : withoutLinks(cut(line, maxLength));
}

/** Spaces, and characters that show nothing. */
const BLANK = /^[\s\p{Cf}]*$/u;
/** Control characters, ends of line, and halves of a pair, which no encoding can carry. */
const UNPRINTABLE = /\s*[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+\s*/gu;

function toOneLine(value: string): string {
  return value.replace(UNPRINTABLE, ' ').trim();
}

/** Counted in UTF-16 units: no vendor counts more of them. */
function cut(value: string, maxLength: number): string {
  if (value.length <= maxLength) return value;
  let head = '';
  for (const grapheme of graphemes(value)) {
    if (head.length + grapheme.length > maxLength - 1) break;
    head += grapheme;
  }
  return `${head.trimEnd()}…`;
}
