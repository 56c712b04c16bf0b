import type { ProcessOptions } from '../src/cli/cli-deps.ts';
import { runProcess } from './run-process.ts';

export const run = (options: ProcessOptions): Promise<number> => runProcess('worker', options);
