import { renderAcl } from './render-acl.ts';
import { renderCli } from './render-cli.ts';
import { renderReasons } from './render-reasons.ts';
import { renderScaling, renderScalingPlot } from './render-scaling.ts';

/** Path from the root → what it should hold. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/cli.md', await renderCli()],
    ['docs/reasons.md', renderReasons()],
    ['deploy/redis/users.acl', renderAcl()],
    ['docs/scaling.md', renderScaling()],
    ['docs/scaling-stranded.svg', renderScalingPlot()],
  ]);
}
