import { expect, it } from 'vitest';
import { type SignedRequest, verifySigV4 } from '../support/vendors/sigv4.ts';

const SIGNER = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', region: 'us-east-1' };
const THEN = new Date('2015-08-30T12:36:00Z');

function authorization(service: string, signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

/** The walk-through of the AWS General Reference: ListUsers of IAM. */
const LIST_USERS = {
  method: 'GET',
  path: '/?Action=ListUsers&Version=2010-05-08',
  headers: {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
    authorization: authorization('iam', 'content-type;host;x-amz-date', '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7'),
  },
  body: '',
};
const IAM = { ...SIGNER, service: 'iam' };

/** Of the `aws-sig-v4-test-suite` that AWS published with the documentation. */
function fromSuite(method: string, path: string, signature: string): SignedRequest {
  const headers = {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization: authorization('service', 'host;x-amz-date', signature),
  };
  return { method, path, headers, body: '' };
}

it('the verifier finds the signature of the AWS documentation genuine', () => {
  expect(verifySigV4(LIST_USERS, IAM, THEN)).toBeUndefined();
});

it.each([
  ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
])('the verifier finds %s of the AWS test suite genuine', (_name, method, path, signature) => {
  expect(verifySigV4(fromSuite(method, path, signature), { ...SIGNER, service: 'service' }, THEN)).toBeUndefined();
});

const header = (name: string, value: string) => ({ ...LIST_USERS, headers: { ...LIST_USERS.headers, [name]: value } });

it.each<[string, SignedRequest, string]>([
  ['another query', { ...LIST_USERS, path: '/?Action=ListRoles&Version=2010-05-08' }, 'mismatch'],
  ['another path', { ...LIST_USERS, path: '/x?Action=ListUsers&Version=2010-05-08' }, 'mismatch'],
  ['another method', { ...LIST_USERS, method: 'POST' }, 'mismatch'],
  ['another body', { ...LIST_USERS, body: ' ' }, 'mismatch'],
  ['another host', header('host', 'iam.example.com'), 'mismatch'],
  ['another second', header('x-amz-date', '20150830T123601Z'), 'mismatch'],
  ['another day', header('x-amz-date', '20150831T123600Z'), 'incomplete'],
  ['a header of AWS that is not signed', header('x-amz-target', 'a'), 'incomplete'],
  ['another scheme', header('authorization', 'Basic QUtJREVYQU1QTEU6'), 'incomplete'],
  ['a token that it never gave out', header('x-amz-security-token', 'a'), 'incomplete'],
  ['no signature', { ...LIST_USERS, headers: { host: 'iam.amazonaws.com' } }, 'missing'],
])('the verifier refuses %s', (_what, request, fault) => {
  expect(verifySigV4(request, IAM, THEN)).toBe(fault);
});

it.each([
  ['another secret', { ...IAM, secretAccessKey: 'another' }, 'mismatch'],
  ['another key', { ...IAM, accessKeyId: 'AKIDOTHER' }, 'unknown_key'],
  ['another region', { ...IAM, region: 'eu-west-1' }, 'mismatch'],
  ['another service', { ...IAM, service: 'sns' }, 'mismatch'],
  ['a token that was left out', { ...IAM, sessionToken: 'a' }, 'unknown_key'],
])('the verifier with %s refuses the same request', (_what, account, fault) => {
  expect(verifySigV4(LIST_USERS, account, THEN)).toBe(fault);
});

it.each([
  [-300_000, undefined],
  [300_000, undefined],
  [-301_000, 'expired'],
  [301_000, 'expired'],
])('the verifier, %i ms away from the date of a signature, finds %s', (skewMs, fault) => {
  expect(verifySigV4(LIST_USERS, IAM, new Date(THEN.getTime() + skewMs))).toBe(fault);
});
