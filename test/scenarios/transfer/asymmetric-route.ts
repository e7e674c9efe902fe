import type { LabConfig } from '../../lab/index.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

/** Two routers side by side: m1 takes what goes to the server, m2 and m3 what comes back. */
function twoWays(): LabConfig {
  const end = (host: string, address: string) => ({ host, addresses: [`${address}/24`] });
  const toClient = '10.77.1.0/24';
  return {
    management: false,
    hosts: [
      { name: 'client' },
      { name: 'm1', forward: true },
      { name: 'm2', forward: true, routes: [{ to: toClient, via: '10.77.3.1' }] },
      { name: 'm3', forward: true, routes: [{ to: toClient, via: '10.77.5.1' }] },
      { name: 'server', routes: [{ to: toClient, via: '10.77.4.1' }] },
    ],
    links: [
      { ends: [end('client', '10.77.1.1'), end('m1', '10.77.1.2')] },
      { ends: [end('m1', '10.77.2.1'), end('server', '10.77.2.2')] },
      { ends: [end('client', '10.77.3.1'), end('m2', '10.77.3.2')] },
      { ends: [end('m2', '10.77.5.1'), end('m3', '10.77.5.2')] },
      { ends: [end('m3', '10.77.4.1'), end('server', '10.77.4.2')] },
    ],
  };
}

export const asymmetricRoute: Scenario = {
  name: 'asymmetric-route',
  title: 'requests go through one router, answers come back through two others',
  network: twoWays,
  family: 4,
  port: 7123,
  tap: 'any',
  async play(stage) {
    await download(stage, 20_000);
    return { routersToServer: 1, routersToClient: 2 };
  },
  expected: [{ code: 'asymmetric-route', min: 'possible', max: 'likely' }],
  also: [],
};
