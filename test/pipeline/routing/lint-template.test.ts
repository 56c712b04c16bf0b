import { expect, it } from 'vitest';
import { AlertError, readAlert } from '../../../src/alert/parse/parse-alert.ts';
import { systemClock } from '../../../src/clock.ts';
import { directoryOf } from '../../../src/pipeline/routing/directory.ts';
import { loadYaml } from '../../config/load-yaml.ts';

const { config } = loadYaml(`
providers:
  tencent-cn: { type: tencent, secretId: id, secretKey: key, appId: "1400006666", templateId: "1", signName: Ops, variableLimit: 6 }
  alibaba-cn: { type: alibaba, accessKeyId: id, accessKeySecret: key, signName: Ops, templateCode: SMS_1 }
  unisms-cn: { type: unisms, accessKeyId: id, signature: Ops, templateId: pub_1 }
  desk: { type: simulated }
routes:
  - { name: short, match: { source: short }, providers: [tencent-cn] }
  - { name: both, match: { source: both }, providers: [tencent-cn, alibaba-cn] }
  - { name: links, match: { source: links }, providers: [tencent-cn, unisms-cn] }
  - { name: free, match: { source: free }, providers: [tencent-cn, desk], allowSimulated: true }
  - { name: rest, match: { source: rest }, providers: [alibaba-cn] }
templates:
  login:
    text: "Code {code}"
    tencent: { id: "7", params: [code] }
    alibaba: { code: SMS_7 }
    unisms: { id: pub_7 }
  elsewhere: { text: "Open {code}" }
`);
const directory = directoryOf(config, systemClock);

const faultsOf = (source: string, code: string, name = 'login') => {
  const read = readAlert({ severity: 'critical', to: '+60123456789', source, template: { name, params: { code } } }, directory);
  return read instanceof AlertError ? read.issues.map(({ path, message }) => `${path}: ${message}`) : [];
};
const LOST = 'no other provider of the route can send it';

it.each<[what: string, source: string, code: string, faults: string[]]>([
  ['what fits', 'short', '123456', []],
  ['too many characters', 'short', '1234567', [`template.params.code: is too long, which tencent-cn would reject; ${LOST}`]],
  ['too many for one of two', 'both', '1234567', []],
  [
    'a link that neither takes',
    'both',
    'https://a.example.com/x',
    ['tencent-cn', 'alibaba-cn'].map(
      (name) => `template.params.code: contains a link or an IP address, which ${name} would reject; ${LOST}`,
    ),
  ],
  ['a link that the second takes', 'links', 'https://a.example.com/x', []],
  ['a link beside a provider of free text', 'free', 'https://a.example.com/x', []],
  ['nothing', 'rest', '', [`template.params.code: is empty, which alibaba-cn would reject; ${LOST}`]],
  [
    'two lines',
    'rest',
    'a\nb',
    [`template.params.code: contains a line break or a control character, which alibaba-cn would reject; ${LOST}`],
  ],
  ['anything, where no route matches and all providers are tried', 'nowhere', 'https://a.example.com/x', []],
])('the API checks the params of a producer: %s', (_what, source, code, faults) => {
  expect(faultsOf(source, code)).toEqual(faults);
});

it('the API checks the whole text where it goes into the default template', () => {
  expect(faultsOf('rest', 'a.example.com', 'elsewhere')).toEqual([
    `template: its text contains a link or an IP address, which alibaba-cn would reject; ${LOST}`,
  ]);
  expect(faultsOf('rest', 'x', 'elsewhere')).toEqual([]);
});

it('the API accepts a text of ours, which is shortened later', () => {
  const alert = { severity: 'critical', to: '+60123456789', source: 'rest', text: 'see https://a.example.com/x' };
  expect(readAlert(alert, directory)).not.toBeInstanceOf(AlertError);
});
