import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '../../src/redis/connect.ts';
import type { ProxyMode, TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { accepts } from './recording-vendor.ts';
import type { Scenario } from './scenario.ts';
import { openScene, type Scene } from './scene.ts';
import { alternating } from './traffic.ts';

/** Puts this between one dispatcher and Redis for a while; what a client that comes the same way sees proves that it took effect. */
export async function disturb(scene: Scene, index: number, mode: ProxyMode, forMs: number): Promise<void> {
  const proxy = scene.proxies[index] as TcpProxy;
  const ended = scene.faults.start('a dispatcher disturbed on its way to Redis', scene.nameOf(index));
  await proxy.set(mode);
  const [isDisturbed] = await Promise.all([isSlow(proxy.port), pause(forMs)]);
  await proxy.set('pass');
  ended(isDisturbed ? 1 : 0);
}

/** Whether a PING through the proxy at this port takes 250 ms or longer. */
async function isSlow(port: number): Promise<boolean> {
  const redis = connectRedis(`redis://127.0.0.1:${port}`, 'probe');
  const answered = redis.ping().then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([answered, pause(250, false)]);
  redis.disconnect();
  return !inTime;
}

/** One of two dispatchers has this between itself and Redis for a while, with texts on the wire; the other has none of it. */
export function between(mode: ProxyMode, forMs: number): Scenario {
  return async (given) => {
    const scene = await openScene(given, { dispatchers: 2, concurrency: 10 });
    scene.first.behave(() => accepts(400));
    const stop = scene.traffic.flow(20, alternating);
    await until(() => scene.first.hits.length >= 20);
    await disturb(scene, 0, mode, forMs);
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
  const ended = scene.faults.start('connections to Redis cut');
  const connections = () => scene.proxies.reduce((sum, proxy) => sum + proxy.connections, 0);
  const before = connections();
  for (let cut = 0; cut < 15; cut++) {
    const proxy = random.pick(scene.proxies);
    await proxy.set('reset');
    await pause(random.between(0, 50));
    await proxy.set('pass');
    await pause(random.between(50, 400));
  }
  ended(connections() - before);
  await stop();
  return { history: await scene.conclude() };
};
