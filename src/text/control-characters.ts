/**
 * Control characters but for line feed and tab, line separators, and the characters that change the direction of text
 * (https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters). A terminal obeys them, wherever they come from.
 */
const OBEYED = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Writes every character that a terminal obeys as `\u001b`, which is what it is in JSON, too. */
export function escapeControls(text: string): string {
  return text.search(OBEYED) < 0 ? text : text.replace(OBEYED, escaped);
}

/** Replaces every such character, line feeds and tabs included, by U+FFFD. */
export function replaceControls(text: string): string {
  return text.replace(OBEYED, '\ufffd').replace(/[\n\t]/g, '\ufffd');
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
