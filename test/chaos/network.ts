import { setTimeout as pause } from 'node:timers/promises';
import type { ProxyMode } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { accepts } from './recording-vendor.ts';
import type { Scenario } from './scenario.ts';
import { openScene } from './scene.ts';
import type { Kind } from './traffic.ts';

const alternating = (index: number): Kind =>
  index % 2 === 0 ? { severity: 'critical', onUnknown: 'resend' } : { severity: 'warning', onUnknown: 'hold' };

/** One of two dispatchers has this between itself and Redis for a while, with texts on the wire; the other has none of it. */
export function between(mode: ProxyMode, forMs: number): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, concurrency: 10 });
    scene.first.behave(() => accepts(400));
    const stop = scene.traffic.flow(20, alternating);
    await until(() => scene.first.hits.length >= 20);
    await scene.proxies[0]?.set(mode);
    await pause(forMs);
    await scene.proxies[0]?.set('pass');
    await pause(1_000);
    await stop();
    return { history: await scene.conclude() };
  };
}

/** Connections to Redis are cut every few hundred ms, on both sides in turn. */
export const resetStorm: Scenario = async (given) => {
  const { random } = given;
  const scene = await openScene(given, { dispatchers: 2, concurrency: 10 });
  scene.first.behave(() => accepts(100));
  const stop = scene.traffic.flow(30, alternating);
  for (let cut = 0; cut < 15; cut++) {
    const proxy = random.pick(scene.proxies);
    await proxy.set('reset');
    await pause(random.between(0, 50));
    await proxy.set('pass');
    await pause(random.between(50, 400));
  }
  await stop();
  return { history: await scene.conclude() };
};
