import { createProducer } from '../../../src/queue/producer/producer.ts';

/** Argument: url, prefix. Enqueues an alert, says what came of it, closes, and must end by itself. */
const [redis, prefix] = process.argv.slice(2) as [string, string];
const producer = createProducer({ redis, prefix });
const verdict = await producer.enqueue({ severity: 'critical', to: '+60123456789', text: 'from a process' }).then(
  () => 'taken',
  (error: Error) => error.name,
);
process.send?.(verdict);
process.disconnect();
await producer.close();
