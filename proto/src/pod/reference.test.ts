import { expect, it } from 'vitest';
import { parsePod, podText } from './reference.js';

it.each([
  ['pod/web-7f9', { namespace: '', name: 'web-7f9' }],
  ['pod/shop/web-7f9.a', { namespace: 'shop', name: 'web-7f9.a' }],
])('%s is a pod, and is written so again', (text, pod) => {
  const parsed = parsePod(text);
  expect(parsed).toEqual(pod);
  expect(parsed && podText(parsed)).toBe(text);
});

it.each(['web-1', 'pod', 'podium'])('%s is a host', (text) => expect(parsePod(text)).toBeNull());

it.each(['pod/', 'pod//web', 'pod/a/b/c', 'pod/Web', 'pod/../etc', 'pod/shop/-w', 'pod/shop/', 'pod/a b'])(
  '%s is refused with how to write it',
  (text) => expect(() => parsePod(text)).toThrow('pod/NAMESPACE/NAME'),
);
