import { until } from '../support/until.ts';
import { observedNow } from './faults.ts';
import { accepts } from './recording-vendor.ts';
import { type Scenario, unmet } from './scenario.ts';
import { openScene } from './scene.ts';

const BACKLOG = 1_500;

/** Far more than can be sent waits, and a critical comes. */
export const overtaking: Scenario = async (given) => {
  const scene = await openScene(given, { concurrency: 10 });
  scene.first.behave(() => accepts(50));
  await scene.traffic.raise(BACKLOG, () => ({ severity: 'info', onUnknown: 'hold' }));
  const before = scene.hits().length;
  const raisedAt = observedNow();
  const [critical] = await scene.traffic.raise(1, () => ({ severity: 'critical', onUnknown: 'resend' }));
  const phone = critical?.phones[0];
  const hit = await until(() => scene.hits().find((one) => one.phone === phone));
  const ahead = BACKLOG - scene.hits().length;
  const tookMs = Math.round(hit.atMs - raisedAt);
  scene.faults.record('a backlog before a critical', Math.max(0, ahead));
  return {
    history: await scene.conclude(),
    broken: unmet({ 'the critical was sent within a second': tookMs < 1_000, 'with a backlog before it': before < BACKLOG && ahead > 0 }),
    note: `overtook ${ahead} in ${tookMs} ms`,
  };
};

/** Many callers offer the same alert at the same moment. */
export const sameIdAtOnce: Scenario = async (given) => {
  const scene = await openScene(given, { dispatchers: 2 });
  await scene.traffic.raiseCopies(20, 20, () => ({ severity: 'critical', onUnknown: 'resend' }));
  scene.faults.record('alerts that the door knew already', scene.traffic.duplicates);
  const history = await scene.conclude();
  return { history, broken: unmet({ 'each was sent once': history.hits.length === 20 }) };
};
