import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute, type Route } from '../../src/console/route.ts';

describe('the address of a view', () => {
  it.each<[Route, string]>([
    [{ view: 'now' }, '#/now'],
    [{ view: 'dead' }, '#/dead'],
    [{ view: 'search', query: '' }, '#/search'],
    [{ view: 'search', query: 'db-1/unreachable?' }, '#/search/db-1%2Funreachable%3F'],
    [{ view: 'story', id: 'order-42.paid' }, '#/story/order-42.paid'],
    [{ view: 'story', id: '+60***~Zk' }, '#/story/%2B60***~Zk'],
  ])('%j is %s, and back', (route, href) => {
    expect(hrefOf(route)).toBe(href);
    expect(parseRoute(href)).toEqual(route);
  });

  it.each<[string, Route]>([
    ['', { view: 'now' }],
    ['#', { view: 'now' }],
    ['#/nowhere', { view: 'now' }],
    ['#/story/', { view: 'now' }],
    ['#/search/100%', { view: 'search', query: '100%' }],
  ])('%j, to which no page links, is %j', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });
});
