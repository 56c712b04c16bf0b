import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** True when a Docker engine answers within a second, at DOCKER_HOST or where engines usually listen. */
export async function dockerAnswers(env: NodeJS.ProcessEnv): Promise<boolean> {
  const answers = await Promise.all(engineAddresses(env).map(pingEngine));
  return answers.includes(true);
}

type Address = { readonly socketPath: string } | { readonly host: string; readonly port: string };

function engineAddresses(env: NodeJS.ProcessEnv): Address[] {
  const given = env.DOCKER_HOST;
  if (given?.startsWith('unix://')) return [{ socketPath: given.slice('unix://'.length) }];
  if (given !== undefined && URL.canParse(given)) {
    const { hostname, port } = new URL(given);
    return [{ host: hostname, port: port || '2375' }];
  }
  const runtimeDir = env.XDG_RUNTIME_DIR;
  return [
    { socketPath: '/var/run/docker.sock' },
    { socketPath: join(homedir(), '.docker/run/docker.sock') },
    ...(runtimeDir === undefined ? [] : [{ socketPath: join(runtimeDir, 'docker.sock') }]),
  ];
}

/** https://docs.docker.com/reference/api/engine/version/v1.51/#tag/System/operation/SystemPing */
function pingEngine(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ ...address, path: '/_ping', timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
}
