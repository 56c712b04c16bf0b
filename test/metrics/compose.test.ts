import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load-config.ts';

const root = new URL('../../', import.meta.url);
const text = (path: string) => readFileSync(new URL(path, root), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly init?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
  readonly restart?: string;
  readonly deploy?: { readonly replicas: number };
  readonly depends_on?: unknown;
}
const compose = parse(text('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const service = (name: string): Service => compose.services[name] as Service;
const ours = ['receiver', 'worker'];
const manifest = JSON.parse(text('package.json')) as { bin: Record<string, string>; license: string };

describe('docker-compose.yml', () => {
  it('holds the whole system', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['grafana', 'prometheus', 'receiver', 'redis', 'worker']);
    expect(service('worker').deploy?.replicas).toBe(2);
    for (const name of ours) expect(service(name).command).toEqual([name]);
  });

  it('runs a Redis that forgets nothing: append-only file on a volume, no eviction', () => {
    const { command = [], volumes = [], image } = service('redis');
    const flag = (name: string) => command[command.indexOf(name) + 1];
    expect(image).toMatch(/^redis:7/);
    expect(command[0]).toBe('redis-server');
    expect(flag('--appendonly')).toBe('yes');
    expect(flag('--maxmemory-policy')).toBe('noeviction');
    expect(volumes).toEqual(['redis-data:/data']);
    expect(Object.keys(compose.volumes)).toContain('redis-data');
    expect(service('redis').healthcheck?.test).toEqual(['CMD', 'redis-cli', 'ping']);
  });

  it('publishes ports on the loopback address only, and not the one of Redis', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]));
    expect(published.map(([name]) => name).sort()).toEqual(['grafana', 'prometheus', 'receiver']);
    for (const [, port] of published) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('starts again what has stopped', () => {
    for (const { restart } of Object.values(compose.services)) expect(restart).toBe('unless-stopped');
  });

  it('names only files that exist', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const files = mounted.filter((path) => path.startsWith('.'));
    expect(files.length).toBeGreaterThan(4);
    for (const path of files) expect(`${path} ${existsSync(new URL(path, root))}`).toBe(`${path} true`);
    expect(mounted.filter((path) => !path.startsWith('.')).sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it.each(ours)('%s: reachable in its container, stopped gracefully, with a readiness check', (name) => {
    const { environment = {}, init, build, healthcheck, depends_on } = service(name);
    expect({ build, init }).toEqual({ build: '.', init: true });
    expect(environment).toMatchObject({ HOST: '0.0.0.0', REDIS_URL: 'redis://redis:6379', METRICS_PORT: '9464' });
    expect(environment.SMS_DISPATCH_TOKEN).toMatch(/^\$\{SMS_DISPATCH_TOKEN:\?/);
    expect(depends_on).toEqual({ redis: { condition: 'service_healthy' } });
    const port = name === 'receiver' ? environment.PORT : environment.METRICS_PORT;
    expect(healthcheck?.test.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(healthcheck?.test[3]).toContain(`http://127.0.0.1:${port}/readyz`);
  });

  it('has a config that loads with its environment, asks for the token, and drains within the grace that Docker gives', () => {
    const { environment = {}, stop_grace_period = '' } = service('worker');
    const env = { ...environment, LOG_LEVEL: 'info', SMS_DISPATCH_TOKEN: 'a token for this test' };
    const path = new URL('config/compose.yaml', root).pathname;
    const { config, warnings } = loadConfig({ path, env });
    expect(warnings).toEqual([]);
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080 });
    expect(config.http.tokens.map((token) => token.reveal())).toEqual(['a token for this test']);
    expect(config.redis.url?.reveal()).toBe('redis://redis:6379');
    expect(config.metricsPort).toBe(9464);
    expect([...config.providers.values()].map(({ type }) => type)).toEqual(['simulated']);
    expect(Number.parseInt(stop_grace_period, 10) * 1000).toBeGreaterThan(config.shutdown.graceMs);
    expect(() => loadConfig({ path, env: { ...env, SMS_DISPATCH_TOKEN: '' } })).toThrow(/tokens/);
  });

  it('scrapes every process where it listens', () => {
    const prometheus = parse(text('grafana/prometheus.yml')) as {
      scrape_configs: { static_configs?: { targets: string[] }[]; dns_sd_configs?: { names: string[]; port: number }[] }[];
    };
    const targets = prometheus.scrape_configs.flatMap((job) => [
      ...(job.static_configs ?? []).flatMap(({ targets }) => targets),
      ...(job.dns_sd_configs ?? []).flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ]);
    expect(targets.sort()).toEqual(['receiver:8080', 'worker:9464']);
  });

  it('gives Grafana the Prometheus beside it and the directory of the dashboard', () => {
    const sources = parse(text('grafana/provisioning/datasources/prometheus.yml')) as { datasources: { url: string; type: string }[] };
    expect(sources.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    const boards = parse(text('grafana/provisioning/dashboards/sms-dispatch.yml')) as { providers: { options: { path: string } }[] };
    const { volumes = [], environment = {} } = service('grafana');
    expect(volumes).toContain(`./grafana/dashboards:${boards.providers[0]?.options.path}:ro`);
    const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH?.replace('/var/lib/grafana/', './grafana/') ?? '';
    expect(existsSync(new URL(home, root))).toBe(true);
  });
});

describe('Dockerfile', () => {
  const dockerfile = text('Dockerfile');
  const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('runs the package’s own binary as node itself, without root and without what only a build needs', () => {
    expect(final).toContain(`ENTRYPOINT ["node", "${manifest.bin['sms-dispatch']}"]`);
    expect(final).toMatch(/^CMD \["start"\]$/m);
    expect(final.match(/^USER (.+)$/m)?.[1]).toBe('node');
    expect(final.indexOf('USER node')).toBeLessThan(final.indexOf('ENTRYPOINT'));
    expect(dockerfile).toMatch(/npm ci --omit=dev/);
    expect(final).not.toMatch(/^RUN .*npm/m);
  });

  it('copies only what exists and .dockerignore lets through', () => {
    const allowed = text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, args = '']) => args.split(' ').slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual(allowed.sort());
    for (const path of allowed) expect(`${path} ${existsSync(new URL(path, root))}`).toBe(`${path} true`);
  });
});

it('the licence and the changelog that the package names are there', () => {
  expect(manifest.license).toBe('MIT');
  expect(text('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) 2026 sms-dispatch contributors\n/);
  expect(text('CHANGELOG.md')).toMatch(/^## \[Unreleased\]$/m);
});
