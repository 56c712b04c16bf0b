import { type Command, Option } from 'commander';
import { type E164, maskEntry, parsePhone } from '../../alert/phone/phone.ts';
import type { SegmentRule } from '../../alert/segments.ts';
import { placeholders } from '../../alert/text.ts';
import type { Config } from '../../config/config.ts';
import { type Preview, type ProviderPreview, previewTemplate, strayParams } from '../../pipeline/routing/preview-template.ts';
import { formatTable } from '../../text/format-table.ts';
import type { CliDeps } from '../cli-deps.ts';
import { CliFailure, UsageError } from '../cli-failure.ts';
import { type CommandContext, type CommonOptions, collect, configOption, jsonOption, printJson, runs } from '../command-context.ts';
import { pairs } from '../options/alert-from-options.ts';
import { noSuch } from '../options/suggestions.ts';

interface PreviewOptions extends CommonOptions {
  readonly param?: readonly string[];
  readonly to?: string;
}

const LIST_EXAMPLES = `Examples:
  sms-dispatch templates list
  sms-dispatch templates list --json
`;

const EXAMPLES = `Examples:
  sms-dispatch templates preview login-code --param code=1234 --param minutes=5
  sms-dispatch templates preview login-code --param code=1234 --param minutes=5 --to +60123456789
`;

export function addTemplatesCommand(program: Command, context: CommandContext): void {
  const templates = program.command('templates').description('list and preview the templates').addHelpText('before', EXAMPLES);
  const list = templates
    .command('list')
    .description('list the templates of the config with their variables and languages')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', LIST_EXAMPLES);
  runs<CommonOptions>(list, context, (_args, options) => listTemplates(context.deps, options));
  const preview = templates
    .command('preview')
    .description('show a filled-in template in every language and for each provider; sends nothing')
    .argument('<name>', 'name of a template in the config')
    .addOption(new Option('--param <name=value>', 'a variable of the template; repeatable').argParser(collect))
    .option('--to <number>', 'a phone number: shows the price, and counts segments as for its country')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('before', EXAMPLES);
  runs<PreviewOptions>(preview, context, ([name], options) => showPreview(context.deps, name as string, options));
}

async function listTemplates(deps: CliDeps, options: CommonOptions): Promise<number> {
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

async function showPreview(deps: CliDeps, name: string, options: PreviewOptions): Promise<number> {
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
