import { type Judgement, judgeHistory } from './judge-history.ts';
import { createRandom } from './random.ts';
import type { Scenario } from './scenario.ts';

export interface Result extends Judgement {
  readonly name: string;
  readonly seconds: number;
  readonly note?: string;
}

/** Runs one scenario, judges its history, and leaves nothing running. A scenario that breaks off has kept no promise. */
export async function runScenario(name: string, run: Scenario, seed: number, inOne = false): Promise<Result> {
  const ends: (() => Promise<unknown>)[] = [];
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    const { history, broken = [], note } = await run({ random: createRandom(seed), onEnd: (end) => void ends.push(end), inOne });
    const judgement = judgeHistory(history);
    const notes = [
      ...(note === undefined ? [] : [note]),
      ...(judgement.erased === 0 ? [] : [`${judgement.erased} erased before they were sent`]),
    ];
    return {
      name,
      ...judgement,
      broken: [...judgement.broken, ...broken],
      seconds: seconds(),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    };
  } catch (error) {
    const nothing = { accepted: 0, hits: 0, lost: 0, erased: 0, silentDuplicates: 0, visibleDuplicates: 0, unknown: 0, evidence: [] };
    return { name, ...nothing, broken: [`broke off: ${(error as Error).stack ?? String(error)}`], seconds: seconds() };
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
