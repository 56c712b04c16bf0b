import type { Directory } from '../../alert/parse-alert.ts';
import { readRecipientName } from '../../alert/recipient-name.ts';
import { placeholders } from '../../alert/text.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/config.ts';
import { lintTemplate } from './lint-template.ts';
import { openRecipients } from './recipients.ts';

/** The parts of a config by which an alert is read. */
export type KnownNames = Pick<Config, 'contacts' | 'groups' | 'rotations' | 'templates' | 'defaultCountry' | 'routes' | 'providers'> &
  Partial<Pick<Config, 'severityWords'>>;

/** What the config knows of the names that an alert may use. */
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
 * How many messages the data of an alert may become, without reading its numbers: each entry counts for one, each name for
 * what it opens to. Never too few.
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
