import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BOARDS, boardFile } from './boards.ts';

/** `node dist/test/metrics/boards/write-boards.js`, after a build, in the root of the repository. */
for (const [name, build] of Object.entries(BOARDS)) writeFileSync(resolve(boardFile(name)), `${JSON.stringify(build(), null, 2)}\n`);
