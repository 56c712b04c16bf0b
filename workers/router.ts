import { runProcess } from './run-process.ts';

export const run = (options: { readonly configPath: string | undefined }): Promise<number> => runProcess('router', options);
