/**
 * JSON as a text template writes it when it is not careful, made readable: commas before a closing bracket are dropped, line
 * breaks and tabs within text are escaped, and numbers grouped as `76,456` lose their commas. What is inside of text stays.
 */
export function repairJson(text: string): string {
  return text.replace(PARTS, (part, string: string | undefined, comma: string | undefined, number: string | undefined) => {
    if (string !== undefined) return escapeControls(string);
    if (comma !== undefined) return comma.slice(1);
    return number === undefined ? part : number.replaceAll(',', '');
  });
}

/** Text; a comma and the bracket behind it; the grouped number of a member. */
const PARTS = /("[^"\\]*(?:\\[\s\S][^"\\]*)*")|(,\s*[}\]])|(:\s*-?\d{1,3}(?:,\d{3})+(?=\s*[,}]))/g;

function escapeControls(string: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what JSON forbids within text
  return string.replace(/[\u0000-\u001f]/g, (char) => JSON.stringify(char).slice(1, -1));
}
