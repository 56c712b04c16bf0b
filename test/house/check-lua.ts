/** Part of `npm run lint`, from the root of the project. */
import { checkScripts } from './lua.ts';

const faults = await checkScripts(process.cwd());
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
