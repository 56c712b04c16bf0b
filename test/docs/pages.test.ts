import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema/schema.ts';
import { createOpenApi } from '../../src/http/openapi/openapi.ts';
import { QUEUES } from '../../src/queue/names.ts';
import { loadYaml } from '../config/load-yaml.ts';
import { http } from '../http/test-server.ts';
import { codeBlocks, readDoc } from './markdown.ts';
import { type CommandHelp, helpOfAll } from './render-cli.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs')
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const readme = readDoc('README.md');

describe.each(PAGES)('%s', (page) => {
  const text = readDoc(page);
  const code = codeOf(text);

  test('leads somewhere by each of its links', () => {
    const targets = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
    const missing = targets.filter((target) => {
      if (/^(https?|mailto):/.test(target)) return false;
      const [path = '', anchor] = target.split('#');
      const file = new URL(path, new URL(`../../${page}`, import.meta.url));
      if (!existsSync(file)) return true;
      return anchor !== undefined && !anchors(path === '' ? text : readDoc(file.pathname)).includes(anchor);
    });
    expect(missing).toEqual([]);
  });

  test('names no file of the repository that is not there', () => {
    const named = code.filter((word) => /^(config|docs|grafana|src|test|workers)\/[\w./-]+$/.test(word));
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('names no npm script that is not there', () => {
    const { scripts } = JSON.parse(readDoc('package.json')) as { scripts: object };
    const named = code.flatMap((word) => [...word.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name as string));
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  test('names no path of the API that is not there', () => {
    const { paths } = createOpenApi(http) as { paths: Record<string, unknown> };
    /** Of the path, or of one that it begins. */
    const isKnown = (named: string) =>
      Object.keys(paths).some(
        (path) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(named) || path.startsWith(`${named.replace(/\/$/, '')}/`),
      );
    const named = code.flatMap((word) =>
      [...word.matchAll(/(?<=^|[\s"(>\d}])\/v1\/[\w/{}<> .-]*?(?=[\s"?`,)|;]|$)/gm)].map(([path]) => path.replace(/<[^>]*>/g, 'x')),
    );
    expect(named.filter((path) => !isKnown(path))).toEqual([]);
  });

  test('names no queue that is not there', () => {
    const named = [...text.matchAll(/\[(sms-[a-z]+)\]/g)].map(([, name]) => name);
    expect(named.filter((name) => !(QUEUES as readonly unknown[]).includes(name))).toEqual([]);
  });
});

/** Inline code, and blocks of it. */
function codeOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```$/gms, '');
  return [...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string), ...codeBlocks(markdown).map(({ code }) => code)];
}

/** Of the headings, as GitHub makes them. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

describe('the command line in the pages', async () => {
  const helps = await helpOfAll([]);
  const helpOf = (path: readonly string[]) => helps.find((help) => help.path.join(' ') === path.join(' '));
  /** `sms-dispatch send --to X` in a page, up to where a shell would end it. */
  const typed = PAGES.filter((page) => page !== 'docs/cli.md').flatMap((page) =>
    codeOf(readDoc(page)).flatMap((code) =>
      [...code.matchAll(/(?<=^|\s)sms-dispatch ([a-z][^`\n|;#]*)/gm)].map(([, line]) => [page, (line as string).trim()] as const),
    ),
  );

  test('is typed in many places', () => expect(typed.length).toBeGreaterThan(20));

  test.each(typed.filter(([, line]) => commandOf(line, helps) !== undefined || /--|[A-Z]/.test(line)))(
    '%s: sms-dispatch %s',
    (_page, line) => {
      const command = commandOf(line, helps);
      expect(command, `a command of ${line}`).toBeDefined();
      const help = (command as CommandHelp).help + (helpOf([])?.help ?? '');
      const flags = [...line.matchAll(/(?<=\s)--[a-z][\w-]*/g)].map(([flag]) => flag);
      expect(flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(help))).toEqual([]);
    },
  );
});

/** The longest command that a line begins with; an alias stands beside the name: `acknowledge|ack`. */
function commandOf(line: string, helps: readonly CommandHelp[]): CommandHelp | undefined {
  const words = line.split(/\s+/);
  const begins = ({ path }: CommandHelp) =>
    path.length > 0 && path.every((name, index) => words[index] === name || aliases(helps, path, index).includes(words[index] ?? ''));
  return helps.filter(begins).sort((a, b) => b.path.length - a.path.length)[0];
}

function aliases(helps: readonly CommandHelp[], path: readonly string[], index: number): string[] {
  const parent = helps.find((help) => help.path.join(' ') === path.slice(0, index).join(' '));
  return [...(parent?.help ?? '').matchAll(/^ {2}([a-z-]+)\|([a-z-]+)/gm)]
    .filter(([, name]) => name === path[index])
    .map(([, , alias]) => alias as string);
}

describe('the config in the pages', () => {
  const blocks = PAGES.flatMap((page) =>
    codeBlocks(readDoc(page)).filter(({ language, code }) => language === 'yaml' && /^providers:/m.test(code) && /^routes:/m.test(code)),
  );

  test.each(blocks.map(({ heading, code }) => [heading, code]))('under %s is a whole one, and right', (_heading, code) => {
    const names = [...code.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => [
      name,
      name === 'TWILIO_FROM' ? '+15005550006' : `AC${'0'.repeat(32)}`,
    ]);
    expect(loadYaml(code, { env: Object.fromEntries(names) }).config.routes.length).toBeGreaterThan(0);
  });

  const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  const keys = Object.keys(configSchema.shape);
  const named = PAGES.flatMap((page) =>
    [...readDoc(page).matchAll(/`([a-zA-Z]+(?:\[\]|\.(?:[a-zA-Z]+|<[^>`]+>))+)`/g)]
      .map(([, path]) => path as string)
      .filter((path) => !/\.(conf|ya?ml|json|md)$/.test(path))
      .filter((path) => keys.includes(path.split(/[.[]/)[0] as string)),
  );

  test.each([...new Set(named)])('has the key %s', (path) => {
    const steps = path.replaceAll('[]', '.[]').split('.');
    expect(steps.reduce<unknown[]>((nodes, step) => nodes.flatMap((node) => stepInto(node, step)), [schema]).length).toBeGreaterThan(0);
  });
});

/** Where one step of a path leads in a JSON Schema: a key, `[]`, or `<any name>`. */
function stepInto(node: unknown, step: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const {
    properties = {},
    additionalProperties,
    items,
    anyOf = [],
    oneOf = [],
  } = node as {
    properties?: Record<string, unknown>;
    additionalProperties?: unknown;
    items?: unknown;
    anyOf?: unknown[];
    oneOf?: unknown[];
  };
  const here = step === '[]' ? items : (properties[step] ?? additionalProperties);
  return [...(here === undefined || here === false ? [] : [here]), ...[...anyOf, ...oneOf].flatMap((form) => stepInto(form, step))];
}

describe('README', () => {
  test('names every queue that alerts and texts go through', () => {
    expect(QUEUES.filter((name) => !readme.includes(name))).toEqual([]);
  });

  test('or another page names each variable of the environment that we read; its own line names no other', () => {
    /** Of the machine and its terminal, not settings of ours. */
    const machine = ['PATH', 'TERM'];
    const read = [...readDoc('src/setting/environment.ts').matchAll(/^ {2}readonly ([A-Z_]+)\?/gm)].map(([, name]) => name as string);
    const pages = PAGES.map(readDoc).join('\n');
    expect(read.filter((name) => !machine.includes(name) && !new RegExp(`\\b${name}\\b`).test(pages))).toEqual([]);
    const [line = ''] = readDoc('docs/configuration.md')
      .split('\n\n')
      .filter((paragraph) => paragraph.startsWith('Environment: '));
    const told = [...line.matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name as string);
    expect(told.length).toBeGreaterThan(5);
    expect(told.filter((name) => !read.includes(name))).toEqual([]);
  });

  test('fits on three screens, with no comment behind a command, which an interactive zsh would take for arguments', () => {
    expect(readme.split('\n').length).toBeLessThan(120);
    const commands = codeBlocks(readme).flatMap(({ language, code }) => (language === 'sh' ? code.split('\n') : []));
    expect(commands.filter((line) => /\s#/.test(line))).toEqual([]);
  });

  test('leads to every page of docs/', () => {
    expect(PAGES.filter((page) => page.startsWith('docs/') && !readme.includes(`](${page}`))).toEqual([]);
  });
});
