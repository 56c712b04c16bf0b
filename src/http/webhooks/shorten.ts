/** At most `max` UTF-16 units, never half of a surrogate pair. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
}

/** Like {@link clip}, with `...` where something is gone: the one character `…` would turn the whole text into UCS-2. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${clip(text, max - 3).trimEnd()}...`;
}
