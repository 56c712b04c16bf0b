/** Part of `npm run lint`, from the root of the project. */
import { checkTree, findCircles } from './walls.ts';

const faults = checkTree(process.cwd());
for (const fault of faults) console.error(fault);
const circles = findCircles(process.cwd());
for (const circle of circles) console.error(`circle of imports: ${circle}`);
if (faults.length + circles.length > 0) {
  console.error(`\n${faults.length} use(s) go through a wall, ${circles.length} circle(s). The plan of the house is test/house/walls.ts.`);
  process.exitCode = 1;
}
