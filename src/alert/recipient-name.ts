/** What a recipient may be by name, written `contact:alice`, `group:oncall`, `rotation:primary`. */
export const RECIPIENT_KINDS = ['contact', 'group', 'rotation'] as const;
export type RecipientKind = (typeof RECIPIENT_KINDS)[number];

const NAMED = new RegExp(`^(${RECIPIENT_KINDS.join('|')}):(.*)$`, 's');

/** `undefined` for what is no name, such as a phone number. */
export function readRecipientName(entry: string): { readonly kind: RecipientKind; readonly name: string } | undefined {
  const [, kind, name = ''] = NAMED.exec(entry) ?? [];
  return kind === undefined ? undefined : { kind: kind as RecipientKind, name };
}
