import { Redis } from 'ioredis';
import { createProducer } from '../../src/queue/producer/producer.ts';
import { launch, metrics, total } from '../support/system.ts';
import { until } from '../support/until.ts';
import { configText, raise, settledIn } from './ours.ts';
import { cpuMicrosOf } from './process-cpu.ts';
import { type Figures, meter, phone, type Task } from './scenario.ts';

/** Alerts for each process before the measurement: a new process pays for compilation first. */
const WARM_UP = 500;
const ACCEPTED = 'state="accepted",reason="none"';

/** The full path with so many real processes of the role `worker`; this process raises the alerts. */
export const workers =
  (processes: number) =>
  async (task: Task): Promise<Figures> => {
    const { redisUrl, prefix, count } = task;
    const ends: (() => Promise<void>)[] = [];
    const redis = new Redis(redisUrl);
    try {
      const config = configText(task, 'simulated');
      const systems = await Promise.all(
        Array.from({ length: processes }, () => launch({ kind: 'worker', config, redisUrl, onEnd: (end) => void ends.push(end) })),
      );
      const spent = () => systems.reduce((sum, { child }) => sum + cpuMicrosOf(child.pid), 0);
      const producer = createProducer({ redis: redisUrl, prefix });
      const warmUp = WARM_UP * processes;
      await raise(producer, warmUp, (index) => phone(count + index));
      await settledIn(redis, prefix);
      const [gauge, before] = [await meter(redis), spent()];
      await raise(producer, count, phone);
      await settledIn(redis, prefix);
      const figures = await gauge.stop(count);
      const ofWorkers = (spent() - before) / count;
      await producer.close();
      await until(async () => {
        const scrapes = await Promise.all(systems.map(({ url }) => metrics(url)));
        const accepted = total(scrapes, 'sms_message_outcomes_total', ACCEPTED);
        if (accepted !== count + warmUp) throw new Error(`${accepted} of ${count + warmUp} accepted`);
        return true;
      });
      const { rssMb: _ofThisProcess, cpuMicrosEach = Number.NaN, ...others } = figures;
      return { ...others, cpuMicrosEach: cpuMicrosEach + ofWorkers };
    } finally {
      for (const end of ends) await end();
      redis.disconnect();
    }
  };
