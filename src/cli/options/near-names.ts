import type { AlertInput } from '../../alert/alert.ts';
import { AlertError } from '../../alert/parse-alert.ts';
import { readRecipientName } from '../../alert/recipient-name.ts';
import type { Config } from '../../config/config.ts';
import { didYouMean } from '../../text/suggest.ts';

/** The same error; where a name is not in the config, with the one that was most likely meant. */
export function withNearNames(error: AlertError, { to, template }: AlertInput, config: Config): AlertError {
  const recipients = [to ?? []].flat();
  const near = (path: string): string | undefined => {
    if (path === 'template.name') return didYouMean(template?.name ?? '', config.templates.keys());
    const entry = recipients[Number(/^to\[(\d+)\]$/.exec(path)?.[1] ?? Number.NaN)];
    const named = entry === undefined ? undefined : readRecipientName(entry);
    if (named === undefined) return undefined;
    const known = { contact: config.contacts, group: config.groups, rotation: config.rotations }[named.kind];
    return known.has(named.name) ? undefined : didYouMean(named.name, known.keys());
  };
  return new AlertError(
    error.issues.map(({ path, message }) => {
      const hint = near(path);
      return { path, message: hint === undefined ? message : `${message} (${hint})` };
    }),
  );
}
