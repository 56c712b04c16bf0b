import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROLES } from '../../src/app.ts';
import { FINDING_KINDS } from '../../src/overview/finding.ts';
import { readRules } from './boards/rules.ts';
import { findTool, run } from './tools.ts';

const exec = promisify(execFile);
const { alerts } = readRules();
const promtool = findTool('promtool');
const amtool = findTool('amtool');

describe.skipIf(promtool === undefined)('promtool', () => {
  it.each([
    ['the alert rules', ['check', 'rules', 'grafana/alerts.yml']],
    ['what they fire on, and when they end', ['test', 'rules', 'grafana/alerts.test.yml']],
    ['the scrape configuration', ['check', 'config', 'grafana/prometheus.yml']],
  ])('agrees with %s', { timeout: 480_000 }, async (_what, args) => {
    // Takes seconds, in which this process has others to answer to.
    const { stdout } = await exec(promtool as string, args);
    expect(stdout).toContain('SUCCESS');
  });
});

describe('every alert rule', () => {
  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s has a severity, an explanation and a link to its runbook',
    (name, rule) => {
      const { labels, annotations } = rule;
      expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning|none)$/), job: 'sms-dispatch' });
      expect(annotations).toEqual({
        summary: expect.stringMatching(/.{15,}\.$/),
        description: expect.stringMatching(/.{30,}\.$/),
        runbook_url: `docs/runbook.md#${name.toLowerCase()}`,
      });
    },
  );

  it('has a case in which it fires and, later, one in which it does not', () => {
    const { tests } = parse(readFileSync(resolve('grafana/alerts.test.yml'), 'utf8')) as {
      tests: { promql_expr_test: { expr: string; exp_samples?: { labels: string }[] }[] }[];
    };
    const firing = (steps: (typeof tests)[number]['promql_expr_test']) =>
      steps.map(({ exp_samples = [] }) => exp_samples.map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1] ?? ''));
    const ended = tests.flatMap(({ promql_expr_test }) => {
      const steps = firing(promql_expr_test);
      return steps.flatMap((names, i) => names.filter((name) => steps.slice(i + 1).some((later) => !later.includes(name))));
    });
    // The one that always fires never ends.
    const names = alerts.map(({ alert }) => alert).filter((name) => name !== 'SmsWatchdog');
    expect(names.filter((name) => !ended.includes(name))).toEqual([]);
    expect(readFileSync(resolve('grafana/alerts.test.yml'), 'utf8')).toContain('alertname: SmsWatchdog');
  });
});

describe('the runbook', () => {
  const runbook = readFileSync(resolve('docs/runbook.md'), 'utf8');
  const sections = runbook.split(/^## /m).slice(1);

  it('has a section for each rule, and none besides', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(sections.map((section) => [section.split('\n')[0], section] as const))(
    '%s: what it means, what to look at, what to type, when it is over',
    (_name, section) => {
      expect(section).toMatch(
        /^\*\*Means\.\*\* [\s\S]+^\*\*Look at\.\*\* [\s\S]+^\*\*Type\.\*\*\n\n```sh\n[\s\S]+^```\n\n\*\*Over when\*\* /m,
      );
    },
  );

  it('names every kind of finding with its level, and none besides', () => {
    const rows = [...(runbook.split(/^## /m)[0] as string).matchAll(/^\| (`[a-z_`, ]+`) \| (critical|warning)/gm)];
    const named = rows.flatMap(([, kinds]) => [...(kinds as string).matchAll(/`(\w+)`/g)].map(([, kind]) => kind));
    expect(named.toSorted()).toEqual(FINDING_KINDS.toSorted());
  });

  it('has only commands that there are', () => {
    const sources = readdirSync(resolve('src/cli'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(resolve('src/cli', file), 'utf8'));
    const commands = [...sources.join('\n').matchAll(/\.command\('([\w-]+)/g)].map(([, name]) => name);
    const typed = [...runbook.matchAll(/\bsms-dispatch ([a-z]+)(?: (list|show|replay|discard|resolve|check))?\b/g)].filter(
      ([, first]) => !['overview', 'provider', 'itself', 'alone', 'fires'].includes(first as string),
    );
    const words = new Set(typed.flatMap(([, ...parts]) => parts.filter((part) => part !== undefined)));
    expect(words.size).toBeGreaterThan(10);
    expect([...words].filter((word) => ![...commands, ...ROLES].includes(word))).toEqual([]);
  });

  it('refers only to existing panels', () => {
    const boards = ['overview', 'provider']
      .map((name) => readFileSync(resolve(`grafana/dashboards/sms-dispatch-${name}.json`), 'utf8'))
      .join();
    const told = [...runbook.matchAll(/(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)/g)]
      .map(([, title]) => title as string)
      .filter((title) => title !== 'Accepted');
    expect(told.length).toBeGreaterThan(30);
    expect(told.filter((title) => !boards.includes(`"title": "${title}"`))).toEqual([]);
  });
});

it.skipIf(amtool === undefined)('amtool agrees with the routes that lead past us', () => {
  const { code, output } = run(amtool as string, ['check-config', 'grafana/alertmanager.example.yml']);
  expect(`${code} ${output}`).toMatch(/^0 .*SUCCESS/);
  const route = (labels: readonly string[]) =>
    run(amtool as string, ['config', 'routes', 'test', '--config.file=grafana/alertmanager.example.yml', ...labels]).output.split('\n')[0];
  expect(route(['alertname=SmsWatchdog', 'job=sms-dispatch'])).toBe('dead-mans-switch');
  expect(route(['alertname=SmsRedisAway', 'job=sms-dispatch'])).toBe('past-sms-dispatch');
  expect(route(['alertname=DiskFull', 'job=node'])).toBe('sms');
});
