import { expect, it } from 'vitest';
import { readJson, readMessageId, readPrice, readSegments, safeCode } from '../../src/http-client/read-answer.ts';

it.each([
  ['{"a":1}', { a: 1 }],
  ['null', null],
  ['"x"', 'x'],
  ['', undefined],
  ['{"a":', undefined],
  ['<html>', undefined],
])('reads %s as JSON, or not', (body, value) => {
  expect(readJson(body)).toEqual(value);
});

it.each([
  [21610, '21610'],
  ['isv.BUSINESS_LIMIT_CONTROL', 'isv.BUSINESS_LIMIT_CONTROL'],
  ['ERR-7', 'ERR-7'],
  ['101000', '101000'],
  ['MK:0001', 'MK:0001'],
])('shows the code %s', (value, code) => {
  expect(safeCode(value)).toBe(code);
});

it.each([
  60123456789,
  '60123456789',
  '+60123456789',
  'to-60123456789',
  '012 345',
  'Invalid number',
  '',
  'a'.repeat(41),
  null,
  undefined,
  {},
  [],
  true,
])('hides %s, which is no plain code', (value) => {
  expect(safeCode(value)).toBeUndefined();
});

it.each([
  ['SM1', 'SM1'],
  [42, '42'],
  ['', undefined],
  ['x'.repeat(129), undefined],
  [null, undefined],
  [{}, undefined],
])('reads the message id %s', (value, id) => {
  expect(readMessageId(value)).toBe(id);
});

it.each([
  [{ toString: 1 }, undefined],
  [true, undefined],
  [['2'], undefined],
  [2, 2],
  ['2', 2],
  [0, undefined],
  ['0', undefined],
  [-1, undefined],
  ['1.5', undefined],
  ['two', undefined],
  ['', undefined],
  [null, undefined],
  [undefined, undefined],
  [{}, undefined],
])('reads %s as a count of segments', (value, segments) => {
  expect(readSegments(value)).toBe(segments);
});

it.each([
  ['0.040000', 'USD', { amount: 40_000, currency: 'USD' }],
  [0.0079, 'EUR', { amount: 7_900, currency: 'EUR' }],
  [0, 'USD', { amount: 0, currency: 'USD' }],
  ['0.04', undefined, undefined],
  ['0.04', 'yuan', undefined],
  ['', 'USD', undefined],
  ['free', 'USD', undefined],
  [-0.04, 'USD', undefined],
  [null, 'USD', undefined],
])('reads the price %s in %s', (sum, currency, price) => {
  expect(readPrice(sum, currency)).toEqual(price);
});
