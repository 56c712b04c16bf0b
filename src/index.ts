/** Public API for producers: `createProducer` and its types. */
export type { AlertInput } from './alert/alert.ts';
export { AlertError, type Issue } from './alert/parse/parse-alert.ts';
export type { Severity } from './alert/severity.ts';
export type { AlertHistory, HistoryAttempt, HistoryEvent, MessageHistory, MessageState } from './ledger/history/history.ts';
export { OutcomeTimeoutError } from './ledger/history/wait-for-outcome.ts';
export { createProducer, type ProducerOptions } from './queue/producer/producer.ts';
export type { Acknowledgement, Enqueued, EnqueueResult, Producer, WaitOptions } from './queue/producer/producer-port.ts';
export { RedisUnavailableError } from './redis/unavailable.ts';
