import { displayWidth, padToWidth } from './display-width.ts';

/** Rows in columns of equal width on a terminal, two spaces apart, nothing behind the last. Each row is one line. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  const lines = rows.map((row) => row.map((cell) => cell.replaceAll(/[\t\n]+/g, ' ')));
  for (const row of lines) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  return lines
    .map((row) =>
      row
        .map((cell, column) => padToWidth(cell, widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
