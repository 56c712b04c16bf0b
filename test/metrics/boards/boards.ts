import { overviewBoard } from './overview.ts';
import { providerBoard } from './provider.ts';

/** Name of the file → the board that it holds. */
export const BOARDS: Readonly<Record<string, () => object>> = {
  'sms-dispatch-overview': overviewBoard,
  'sms-dispatch-provider': providerBoard,
};

/** From the root of the repository. */
export const boardFile = (name: string) => `grafana/dashboards/${name}.json`;
