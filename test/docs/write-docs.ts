/** `npm run docs`, in the root of the repository: writes the pages that are made of the code. */
import { writeFileSync } from 'node:fs';
import { generatedDocs } from './generated-docs.ts';

for (const [path, text] of await generatedDocs()) {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
