/** Part of `npm run lint`, from the root of the project. */
import { checkTree } from './walls.ts';

const faults = checkTree(process.cwd());
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error(`\n${faults.length} import(s) go through a wall. The plan of the house is test/house/walls.ts.`);
  process.exitCode = 1;
}
