import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { download } from '../transfer/transfer.js';

export const proxyTerminated: Scenario = {
  name: 'proxy-terminated',
  title: 'm2 redirects the connection to a proxy that opens its own',
  network: path(),
  family: 4,
  port: 7304,
  tap: 'any',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    const proxy = startProgram(m2, 'proxy', '9304', stage.serverAddress, String(stage.port));
    await proxy.line();
    await m2.nft(`table ip diverted {
      chain prerouting {
        type nat hook prerouting priority dstnat;
        tcp dport ${stage.port} redirect to :9304
      }
    }`);
    await download(stage, 20_000);
    return { proxied: true };
  },
  expected: [{ code: 'proxy-terminated', min: 'possible' }],
  also: ['nat', 'syn-ack-forged', 'syn-forged'],
};
