/** Build step: writes the package's `schema.json`, for producers in other languages. */
import { writeFileSync } from 'node:fs';
import { alertJsonSchema } from './json-schema.ts';

writeFileSync(new URL('../../schema.json', import.meta.url), `${JSON.stringify(alertJsonSchema(), null, 2)}\n`);
