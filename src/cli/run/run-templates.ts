import { type E164, maskEntry, parsePhone } from '../../alert/phone/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';
import { placeholders } from '../../alert/text.ts';
import type { Config } from '../../config/config.ts';
import { type Preview, type ProviderPreview, previewTemplate, strayParams } from '../../pipeline/routing/preview-template.ts';
import { formatTable } from '../../text/format-table.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommonOptions, printJson } from '../command-context.ts';
import { pairs } from '../options/alert-from-options.ts';
import { noSuch } from '../options/suggestions.ts';

export interface PreviewOptions extends CommonOptions {
  readonly param?: readonly string[];
  readonly to?: string;
}

export async function listTemplates(deps: CliDeps, options: CommonOptions): Promise<number> {
  const { config } = await deps.loadConfig(options.config);
  const rows = [...config.templates].map(([name, { text, languages = {} }]) => ({
    name,
    params: placeholders(text),
    languages: [config.defaultLanguage, ...Object.keys(languages)],
  }));
  if (options.json) printJson(deps, { templates: rows });
  else {
    const cells = rows.map(({ name, params, languages }) => [name, params.join(', ') || '-', languages.join(', ')]);
    deps.stdout.write(`${formatTable([['NAME', 'PARAMS', 'LANGUAGES'], ...cells])}\n`);
  }
  return 0;
}

export async function showPreview(deps: CliDeps, name: string, options: PreviewOptions): Promise<number> {
  const { config } = await deps.loadConfig(options.config);
  const template = config.templates.get(name);
  if (template === undefined) {
    throw new UsageError(noSuch('template', name, [...config.templates.keys()]));
  }
  const params = pairs('--param', options.param);
  const { missing, unknown } = strayParams(template.text, params);
  if (missing.length > 0) throw new CliFailure(`missing variable: ${missing.join(', ')}`, `add --param ${missing[0]}=…`);
  if (unknown.length > 0) throw new CliFailure(`the template has no variable ${unknown.join(', ')}`);
  const to = options.to === undefined ? undefined : readNumber(options.to, config);
  const rules = await readRules(deps, config, to);
  const previews = previewTemplate({ name, params, to, ruleOf: (provider) => rules.get(provider) ?? 'gsm7' }, config);
  if (options.json) printJson(deps, { name, currency: config.money?.currency ?? null, previews });
  else deps.stdout.write(`${previews.map((preview) => formatPreview(preview, config)).join('\n\n')}\n`);
  return previews.some(({ providers }) => providers.some(({ misfits }) => misfits.length > 0)) ? 1 : 0;
}

function readNumber(text: string, { defaultCountry }: Config): E164 {
  const verdict = parsePhone(text, defaultCountry);
  if (!verdict.ok) throw new UsageError(`--to: ${verdict.message}, got "${maskEntry(text)}"`);
  return verdict.phone;
}

/** Returns how each vendor counts segments for this number, which only its adapter knows. */
async function readRules(deps: CliDeps, config: Config, to: E164 | undefined): Promise<Map<string, SegmentRule>> {
  const rules = new Map<string, SegmentRule>();
  if (to === undefined) return rules;
  for (const name of config.providers.keys()) {
    const provider = await deps.openProvider(config, name);
    rules.set(name, provider.segmentRule?.(to) ?? 'gsm7');
    await provider.close();
  }
  return rules;
}

function formatPreview({ language, text, characters, alphabet, providers }: Preview, { money }: Config): string {
  const rows = providers.map(({ provider, template, segments, price, misfits }) => [
    provider,
    template === null ? 'free text' : `template ${template}`,
    `${segments}`,
    price === null ? '-' : `${price} ${money?.currency ?? ''}`,
    misfits.length === 0 ? '✓' : describeMisfits(misfits),
  ]);
  const table = formatTable([['PROVIDER', 'AS', 'SEGMENTS', 'PRICE', ''], ...rows]);
  return `${language}, ${characters} characters, ${alphabet}\n  ${text.replaceAll('\n', '\n  ')}\n${table}`;
}

function describeMisfits(misfits: ProviderPreview['misfits']): string {
  return `✗ ${misfits.map(({ param, unfit }) => `${param}: ${unfit.toLowerCase().replaceAll('_', ' ')}`).join(', ')}`;
}
