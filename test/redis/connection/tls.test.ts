import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { spawnWatched } from '../../../src/embedded/redis-process.ts';
import { createProducer } from '../../../src/index.ts';
import { connectRedis, duplicateRedis } from '../../../src/redis/connect.ts';
import { ping } from '../../../src/redis/connection/ping.ts';
import { parseRedisUrl, redactUrl } from '../../../src/redis/connection/redis-url.ts';
import { readTlsFiles, withTlsFiles } from '../../../src/redis/connection/tls-files.ts';
import { tell } from '../../support/redis-groups.ts';
import { localRedisBinary, startRedisServer } from '../../support/redis-server.ts';
import { testPort } from '../../support/test-port.ts';
import { until } from '../../support/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'sms-tls-'));
const at = (name: string) => join(dir, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });

/** A certificate `name.pem` with its key `name.key`, signed by the test's own authority. */
function sign(name: string, names: string, days = '2'): void {
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
  const files = ['-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`];
  openssl('x509', '-req', ...files, '-days', days, '-extfile', `${name}.ext`);
}

beforeAll(() => {
  for (const ca of ['ca', 'other'])
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.pem`,
      '-subj',
      `/CN=${ca}`,
      '-days',
      '2',
    );
  sign('server', 'DNS:redis.test,IP:127.0.0.1');
  sign('named', 'DNS:redis.test');
  sign('expired', 'IP:127.0.0.1', '-1');
  sign('client', 'DNS:client.test');
});

const settingsOf = (certificate: string, clients: 'yes' | 'no') => [
  ['tls-cert-file', at(`${certificate}.pem`)],
  ['tls-key-file', at(`${certificate}.key`)],
  ['tls-ca-cert-file', at('ca.pem')],
  ['tls-auth-clients', clients],
];

/** A real server with a TLS port beside its plain one. */
async function startTls({ certificate = 'server', clients = 'no' as 'yes' | 'no', args = [] as string[] } = {}) {
  const port = await testPort();
  const settings = settingsOf(certificate, clients).flatMap(([name, value]) => [`--${name}`, value as string]);
  const server = await startRedisServer(['--tls-port', String(port), ...settings, ...args]);
  onTestFinished(() => server.stop());
  return { plain: server.port, port };
}

/** Whether the watch of the primaries is connected to this server and gets its answers. */
async function asksForPrimaries(redis: Redis): Promise<boolean> {
  const clients = (await redis.client('LIST')) as string;
  return /name=sms-dispatch:group .*cmd=(?:cluster\|slots|sentinel\|get-master-addr-by-name)/.test(clients);
}

async function works(url: string): Promise<void> {
  await ping(url, () => undefined);
  for (const role of ['interactive', 'worker'] as const) {
    const redis = connectRedis(url, role);
    onTestFinished(() => redis.disconnect());
    expect(await redis.set('{sms}:x', '1')).toBe('OK');
    const twin = duplicateRedis(redis, { again: false });
    onTestFinished(() => twin.disconnect());
    expect(await twin.get('{sms}:x')).toBe('1');
  }
}

const mine = () => `ca=${at('ca.pem')}&cert=${at('client.pem')}&key=${at('client.key')}`;

describe('A Redis with TLS', () => {
  test('of an own authority is reached by its certificate', async () => {
    const { port } = await startTls();
    await works(`rediss://127.0.0.1:${port}?ca=${at('ca.pem')}`);
  });

  test('that asks for a client certificate is reached with one', async () => {
    const { port } = await startTls({ clients: 'yes' });
    await works(`rediss://127.0.0.1:${port}/1?${mine()}`);
  });

  test('whose certificate has another name than its host is reached by that name', async () => {
    const { port } = await startTls({ certificate: 'named' });
    await works(`rediss://127.0.0.1:${port}?ca=${at('ca.pem')}&servername=redis.test`);
  });

  test('that is a Cluster is reached', async () => {
    const { port, plain } = await startTls({
      clients: 'yes',
      args: ['--cluster-enabled', 'yes', '--tls-cluster', 'yes', '--cluster-announce-ip', '127.0.0.1'],
    });
    await tell(plain, (redis) => redis.cluster('ADDSLOTSRANGE', 0, 16383));
    await until(() => tell(plain, async (redis) => (await redis.cluster('INFO')).includes('cluster_state:ok')));
    await works(`rediss+cluster://127.0.0.1:${port}?${mine()}`);
    // Who is the primary is asked over connections of its own.
    await until(() => tell(plain, asksForPrimaries));
  });

  test('that a Sentinel with TLS names is reached', async () => {
    const { port } = await startTls({ clients: 'yes' });
    const sentinel = await testPort();
    const lines = [
      'port 0',
      `tls-port ${sentinel}`,
      'tls-replication yes',
      `dir ${dir}`,
      ...settingsOf('server', 'yes').map((line) => line.join(' ')),
      `sentinel monitor mymaster 127.0.0.1 ${port} 1`,
    ];
    writeFileSync(at('sentinel.conf'), `${lines.join('\n')}\n`);
    const { child } = spawnWatched(await localRedisBinary(), [at('sentinel.conf'), '--sentinel']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const url = `rediss+sentinel://127.0.0.1:${sentinel}/mymaster?${mine()}`;
    await until(async () => {
      await ping(url, () => undefined);
      return true;
    });
    await works(url);
    const asked = new Redis({
      host: '127.0.0.1',
      port: sentinel,
      tls: readTlsFiles({ ca: at('ca.pem'), cert: at('client.pem'), key: at('client.key') }),
    });
    onTestFinished(() => asked.disconnect());
    await until(() => asksForPrimaries(asked));
  });
});

describe('A failure of TLS says its reason and what to do', () => {
  test.each([
    ['an authority that is not known', 'server', 'no', (): string => '', /authority that this machine does not trust.*redis\.tls\.ca/],
    ['another authority', 'server', 'no', (): string => `?ca=${at('other.pem')}`, /authority that this machine does not trust/],
    ['a certificate that has expired', 'expired', 'no', (): string => `?ca=${at('ca.pem')}`, /not valid now.*clock/],
    ['a certificate for another name', 'named', 'no', (): string => `?ca=${at('ca.pem')}`, /for another name.*servername/],
    ['no client certificate', 'server', 'yes', (): string => `?ca=${at('ca.pem')}`, /asks for a client certificate.*redis\.tls\.cert/],
  ] as const)('%s', async (_, certificate, clients, query, expected) => {
    const { port } = await startTls({ certificate, clients });
    const url = `rediss://127.0.0.1:${port}${query()}`;
    // Where the server closes before its alert is read, the system's own error hides the reason; the next call has it.
    await until(async () => expected.test(String(await ping(url, () => undefined).catch((error: Error) => error.message))));
  });

  test('to a producer as well', async () => {
    const { port } = await startTls();
    const producer = createProducer({ redis: `rediss://127.0.0.1:${port}` });
    onTestFinished(() => producer.close());
    const alert = { severity: 'critical', to: '+60123456789', text: 'x' } as const;
    await expect(producer.enqueue(alert)).rejects.toThrow(/certificate/);
    await expect(producer.enqueue(alert)).rejects.toThrow(/certificate|no connection/);
  });
});

describe('Settings of TLS', () => {
  test.each([
    ['redis://host?ca=/ca.pem', /need a URL that begins with rediss/],
    ['redis+cluster://host?ca=/ca.pem', /need a URL that begins with rediss/],
    ['rediss://host?cert=/client.pem', /both cert and key; key is missing/],
    ['rediss+sentinel://host/mymaster?key=/client.key', /both cert and key; cert is missing/],
    ['rediss://host?capath=/ca.pem', /unknown option/],
  ])('that do not fit together are refused: %s', (url, expected) => {
    expect(() => parseRedisUrl(url)).toThrow(expected);
  });

  test('name the file that cannot be read', () => {
    expect(() => connectRedis('rediss://127.0.0.1:1?ca=/no/such/ca.pem', 'interactive')).toThrow(
      /cannot read the ca file .*\/no\/such\/ca\.pem: ENOENT/,
    );
    expect(() => readTlsFiles({ key: '/no/such/client.key' })).toThrow(/key file/);
  });

  test('of the config go behind the URL, whose own win, and are not in a log', () => {
    const url = withTlsFiles('rediss://:pw@host:1?ca=/own.pem', { ca: '/a b.pem', servername: 'x' });
    expect(parseRedisUrl(url)).toEqual({ kind: 'server', url: 'redis://:pw@host:1', tlsFiles: { ca: '/own.pem', servername: 'x' } });
    expect(withTlsFiles('redis://host', { ca: '/a' })).toBe('redis://host');
    expect(redactUrl(url)).toBe('rediss://:***@host:1');
  });
});
