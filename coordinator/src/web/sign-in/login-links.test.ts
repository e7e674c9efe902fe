import { expect, test } from 'vitest';
import type { Caller } from '../../trust/identity.js';
import { LoginLinks } from './login-links.js';
import { Sessions } from './sessions.js';

const MINUTE_NS = 60_000_000_000n;
const admin: Caller = { role: 'admin', name: 'ada' };
const viewer: Caller = { role: 'viewer', name: 'vera' };

/** A clock that stands until it is moved. */
function clockAt(nowNs: bigint) {
  const clock = { now: nowNs, nowNs: () => clock.now, after: () => () => {} };
  return clock;
}

const place = () => ({ base: 'https://ops-1:7480', certificateSha256: 'AB' });
const tokenOf = (url: string) => new URL(url).hash.slice(1);

test('a link that is older than ten minutes signs nobody in', () => {
  const clock = clockAt(0n);
  const links = new LoginLinks(clock, place);
  const [early, late] = [links.create(admin, '', ''), links.create(admin, '', '')];
  expect(early.expiresNs).toBe(10n * MINUTE_NS);
  clock.now = 10n * MINUTE_NS - 1n;
  expect(links.redeem(tokenOf(early.url))).toMatchObject({ name: 'ada', role: 'admin', own: true });
  clock.now = 10n * MINUTE_NS;
  expect(links.redeem(tokenOf(late.url))).toBeNull();
});

test('the secret stands behind the #, where no server and no log sees it; the page to open before it', () => {
  const links = new LoginLinks(clockAt(0n), place);
  const url = new URL(links.create(admin, '', '/captures/c-1?x=1').url);
  expect(url.pathname).toBe('/login');
  expect(url.searchParams.get('next')).toBe('/captures/c-1?x=1');
  expect(url.hash).toMatch(/^#[\w-]{43}$/);
});

test('nobody gets more than the maker of the link has, and links lead nowhere else', () => {
  const links = new LoginLinks(clockAt(0n), place);
  expect(links.redeem(tokenOf(links.create(admin, 'viewer', '').url))).toMatchObject({
    role: 'viewer',
    own: false,
  });
  expect(() => links.create(viewer, 'operator', '')).toThrow('cannot make a link for the role operator');
  expect(() => links.create(admin, 'emperor', '')).toThrow('viewer, operator or admin');
  for (const path of ['//evil.example', 'https://evil.example', 'captures']) {
    expect(() => links.create(admin, '', path)).toThrow('a path such as');
  }
});

test('a session ends after twelve hours, whatever its cookie says', () => {
  const clock = clockAt(0n);
  const sessions = new Sessions(clock);
  const { setCookie } = sessions.open({ name: 'ada', role: 'admin', own: true });
  const cookie = setCookie.split(';')[0];
  clock.now = 12n * 60n * MINUTE_NS - 1n;
  expect(sessions.find(`other=1; ${cookie}`)).toMatchObject({ user: { name: 'ada' } });
  clock.now += 1n;
  expect(sessions.find(cookie)).toBeNull();
});

test('a thousand sessions are kept, the oldest goes for the next', () => {
  const sessions = new Sessions(clockAt(0n));
  const cookies = Array.from(
    { length: 1001 },
    () => sessions.open({ name: 'ada', role: 'admin', own: true }).setCookie,
  );
  expect(sessions.find(cookies[0])).toBeNull();
  expect(sessions.find(cookies[1])).not.toBeNull();
});
