import { resolve } from 'node:path';

/** Data directory of an embedded Redis: in the directory where the process was started. */
export const DATA_DIR = resolve('.sms-dispatch');

/** Default Redis of a process without a configured one. */
export const LOCAL_REDIS = 'redis://127.0.0.1:6379';
