import { describe, expect, it } from 'vitest';
import { parseInterfaceAddress } from './addresses.js';
import { chain } from './chain.js';
import { checkConfig, type LabConfig } from './config.js';
import { routesOf } from './routes.js';

describe('chain', () => {
  it('addresses links from client to server', () => {
    const { links, hosts } = chain();
    expect(hosts.map(({ name }) => name)).toEqual(['client', 'm1', 'm2', 'm3', 'server']);
    expect(links[0]?.ends[0].addresses).toEqual(['10.77.1.1/24', 'fd77:1::1/64']);
    expect(links[3]?.ends[1].addresses).toEqual(['10.77.4.2/24', 'fd77:4::2/64']);
  });

  it('takes settings by host and link, and extra hosts', () => {
    const { hosts, links } = chain({
      routers: 1,
      families: [4],
      hosts: { m1: { sysctls: { 'net.ipv4.ip_default_ttl': 32 } }, coordinator: {} },
      links: { 'm1-server': { mtu: 1400, right: { offloads: { gro: false } } } },
    });
    expect(hosts.map(({ name }) => name)).toEqual(['client', 'm1', 'server', 'coordinator']);
    expect(hosts[1]).toMatchObject({ forward: true, sysctls: { 'net.ipv4.ip_default_ttl': 32 } });
    expect(links[1]).toMatchObject({ mtu: 1400 });
    expect(links[1]?.ends[1]).toEqual({
      host: 'server',
      addresses: ['10.77.2.2/24'],
      offloads: { gro: false },
    });
  });

  it('refuses a link that it does not have', () => {
    expect(() => chain({ links: { 'client-server': {} } })).toThrow(
      'no link "client-server"; there are client-m1',
    );
  });
});

describe('routes', () => {
  it('lead over the next hop of either family', () => {
    expect(routesOf(chain(), 'client')).toEqual([
      { to: '10.77.2.0/24', via: '10.77.1.2' },
      { to: 'fd77:2:0:0:0:0:0:0/64', via: 'fd77:1::2' },
      { to: '10.77.3.0/24', via: '10.77.1.2' },
      { to: 'fd77:3:0:0:0:0:0:0/64', via: 'fd77:1::2' },
      { to: '10.77.4.0/24', via: '10.77.1.2' },
      { to: 'fd77:4:0:0:0:0:0:0/64', via: 'fd77:1::2' },
    ]);
  });

  it('take the fewest links, and never lead through a host that does not forward', () => {
    const end = (host: string, address: string) => ({ host, addresses: [address] });
    const config: LabConfig = {
      hosts: [{ name: 'a' }, { name: 'b' }, { name: 'r', forward: true }, { name: 'c' }],
      links: [
        { ends: [end('a', '10.0.1.1/24'), end('b', '10.0.1.2/24')] },
        { ends: [end('b', '10.0.2.1/24'), end('c', '10.0.2.2/24')] },
        { ends: [end('a', '10.0.3.1/24'), end('r', '10.0.3.2/24')] },
        { ends: [end('r', '10.0.4.1/24'), end('c', '10.0.4.2/24')] },
      ],
    };
    expect(routesOf(config, 'a')).toEqual([
      { to: '10.0.2.0/24', via: '10.0.1.2' },
      { to: '10.0.4.0/24', via: '10.0.3.2' },
    ]);
  });

  it('end with the ones that were asked for', () => {
    const detour = { to: '10.77.1.0/24', via: '10.77.9.9' };
    const routes = routesOf(chain({ hosts: { server: { routes: [detour] } } }), 'server');
    expect(routes.at(-1)).toEqual(detour);
  });
});

describe('a configuration that makes no sense', () => {
  it.each([
    [{ hosts: [{ name: 'a' }, { name: 'a' }], links: [] }, 'host "a" is there twice'],
    [{ hosts: [{ name: 'a b' }], links: [] }, 'host name "a b"'],
    [link('a', 'nobody'), 'unknown host "nobody"; there are a'],
    [link('a', 'a-very-long-name'), 'interface name "to-a-very-long-name" of a is longer than 15'],
  ] as [LabConfig, string][])('is refused: %#', (config, message) => {
    expect(() => checkConfig(config)).toThrow(message);
  });

  it.each(['10.0.0.1', '10.0.0.1/33', 'fd77::1/129', '10.0.0.1/'])('refuses the address %s', (text) => {
    expect(() => parseInterfaceAddress(text)).toThrow(`"${text}" is no interface address`);
  });
});

function link(left: string, right: string): LabConfig {
  const hosts = [{ name: left }, ...(right === 'nobody' ? [] : [{ name: right }])];
  return {
    hosts,
    links: [
      {
        ends: [
          { host: left, addresses: [] },
          { host: right, addresses: [] },
        ],
      },
    ],
  };
}
