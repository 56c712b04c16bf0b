import { ACK_PLACE } from '../../alert/ack-code.ts';
import type { ParsedAlert } from '../../alert/alert.ts';
import { type Directory, type Issue, readRecipientName } from '../../alert/parse/parse-alert.ts';
import { fillTemplate, placeholders } from '../../alert/text.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { providersOf } from '../../policy/provider-order.ts';
import { pickRoute } from '../../policy/route.ts';
import { templateBookOf } from '../../provider/registry.ts';
import { fitTemplate, type Misfit } from '../../provider/template/fill-template.ts';
import { wordingOf } from '../../provider/template/template.ts';
import { openRecipients } from './recipients.ts';

const WORDS: Readonly<Record<Misfit['unfit'], string>> = {
  VARIABLE_EMPTY: 'is empty',
  VARIABLE_CONTROL: 'contains a line break or a control character',
  VARIABLE_LINK: 'contains a link or an IP address',
  VARIABLE_TOO_LONG: 'is too long',
};

/**
 * Checks the params of an alert's own template against all providers of its route; they are sent unchanged or not at
 * all. Empty when at least one provider can send them.
 */
function lintTemplate(alert: ParsedAlert, { routes, providers, templates }: Pick<Config, 'routes' | 'providers' | 'templates'>): Issue[] {
  const { template, severity } = alert;
  if (template === undefined) return [];
  const text = fillTemplate(wordingOf(templates, template)?.text ?? '', template.params);
  const content = {
    template: { ...template, params: { ack: ACK_PLACE, ...template.params }, exact: true },
    variables: { instance: alert.instance ?? '', priority: severity.toUpperCase(), content: text },
  };
  const route = pickRoute(routes, alert);
  const verdicts = (route === undefined ? [...providers.keys()] : providersOf(route)).flatMap((name) => {
    const config = providers.get(name);
    const book = config && templateBookOf(config);
    return config === undefined ? [] : [{ name, misfits: book === undefined ? [] : fitTemplate(content, templates, book).misfits }];
  });
  if (verdicts.some(({ misfits }) => misfits.length === 0)) return [];
  return verdicts.flatMap(({ name, misfits }) =>
    misfits.map(({ param, unfit }) => ({
      path: Object.hasOwn(template.params, param) ? `template.params.${param}` : 'template',
      message: `${Object.hasOwn(template.params, param) ? '' : 'its text '}${WORDS[unfit]}, which ${name} would reject; no other provider of the route can send it`,
    })),
  );
}

/** The parts of a config that are needed to parse an alert. */
export type KnownNames = Pick<Config, 'contacts' | 'groups' | 'rotations' | 'templates' | 'defaultCountry' | 'routes' | 'providers'> &
  Partial<Pick<Config, 'severityWords'>>;

/** Creates the directory of names that an alert may use. */
export function directoryOf(config: KnownNames, clock: Clock): Directory {
  const { contacts, groups, rotations, templates, defaultCountry, severityWords } = config;
  return {
    defaultCountry,
    strictNumbers: true,
    severityWords,
    hasContact: (name) => contacts.has(name),
    hasGroup: (name) => groups.has(name),
    hasRotation: (name) => rotations.has(name),
    countPhones: (to) => openRecipients(to, config, clock.now()).length,
    templateParams: (name) => {
      const template = templates.get(name);
      return template === undefined ? undefined : placeholders(template.text).filter((param) => param !== 'ack');
    },
    lintTemplate: (alert) => lintTemplate(alert, config),
  };
}

/**
 * Returns an upper bound of the messages of an alert without parsing its numbers: each entry counts as one, each name
 * as its members.
 */
export function phoneCounter(config: KnownNames, clock: Clock): (data: unknown) => number {
  const { countPhones } = directoryOf(config, clock);
  return (data) => {
    const to = (data as { readonly to?: unknown } | null | undefined)?.to;
    const entries = Array.isArray(to) ? to : [to];
    return entries.reduce((sum: number, entry: unknown) => {
      const named = typeof entry === 'string' && readRecipientName(entry) !== undefined;
      return sum + (named ? (countPhones?.([entry as string]) ?? 1) : 1);
    }, 0);
  };
}
