import { resolve } from 'node:path';

/** Where an embedded Redis keeps what it must not lose: beside the project it was started in. */
export const DATA_DIR = resolve('.sms-dispatch');

/** The Redis of a process that was told of none. */
export const LOCAL_REDIS = 'redis://127.0.0.1:6379';
