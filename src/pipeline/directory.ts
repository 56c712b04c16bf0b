import type { Directory } from '../alert/parse-alert.ts';
import { placeholders } from '../alert/text.ts';
import type { Config } from '../config/config.ts';
import { openRecipients } from './recipients.ts';

/** What the config knows of the names that an alert may use. */
export function directoryOf({
  contacts,
  groups,
  templates,
  defaultCountry,
}: Pick<Config, 'contacts' | 'groups' | 'templates' | 'defaultCountry'>): Directory {
  return {
    defaultCountry,
    strictNumbers: true,
    hasContact: (name) => contacts.has(name),
    hasGroup: (name) => groups.has(name),
    countPhones: (to) => openRecipients(to, { contacts, groups, defaultCountry }).length,
    templateParams: (name) => {
      const template = templates.get(name);
      return template === undefined ? undefined : placeholders(template.text);
    },
  };
}
