import { expect, test } from 'vitest';
import { EVERY_FLOW, pathOf, type Route, routeOf } from './routes.js';

const at = (path: string): Route => routeOf(new URL(path, 'https://ops-1:7480'));

test.each<Exclude<Route, { view: 'unknown' }>>([
  { view: 'captures' },
  { view: 'capture', id: 'c-7kq2m3pa' },
  { view: 'capture', id: 'a name / with ? signs' },
  { view: 'finding', id: 'c-7kq2m3pa', finding: 'x1#2' },
  { view: 'flows', id: 'c-7kq2m3pa', search: EVERY_FLOW },
  {
    view: 'flows',
    id: 'c-1',
    search: { q: 'rst & co', host: 'fd00::1', port: '443', code: 'rst-forged', faulty: true, page: 3 },
  },
  { view: 'flow', id: 'c-1', flow: 'f-9g458f', packet: null },
  { view: 'flow', id: 'c-1', flow: 'f-9g458f', packet: { end: 'server', number: 21 } },
  { view: 'login', next: '/captures/c-1/findings/x1' },
])('the address of a view leads to that view: $view', (route) => {
  expect(at(pathOf(route))).toEqual(route);
});

test.each(['//evil.example', 'https://evil.example', '/\\evil.example', ''])(
  'a login link never leads to another site: %s',
  (next) => {
    expect(at(`/login?next=${encodeURIComponent(next)}`)).toEqual({ view: 'login', next: '/' });
  },
);

test.each(['/nothing', '/captures/c-1/flows/f/more', '/captures'])('%s is nowhere', (path) => {
  expect(at(path)).toMatchObject({ view: 'unknown' });
});

test('numbers that are none are left out', () => {
  expect(at('/captures/c-1/flows?page=-2')).toMatchObject({ search: { page: 1 } });
  expect(at('/captures/c-1/flows/f?packet=middle-1')).toMatchObject({ packet: null });
});
