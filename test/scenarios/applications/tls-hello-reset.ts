import { tlsAlert } from '../../truth/messages.js';
import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { BLOCKED_NAME, hello, tlsPair } from './tls.js';

export const tlsHelloReset: Scenario = {
  name: 'tls-hello-reset',
  title: 'a device resets both ends when it reads a forbidden server name in the ClientHello',
  network: boxed,
  family: 4,
  port: 443,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'censor',
      match: { toward: 'toward-server', clientHello: BLOCKED_NAME },
      action: {
        do: 'reset',
        toward: ['toward-client', 'toward-server'],
        offsets: [0],
        ttl: 64,
        acknowledges: true,
        trigger: 'drop',
      },
    });
    const { client, server } = await tlsPair(stage, BLOCKED_NAME, tlsAlert(40));
    await Promise.all([client.waitFor('reset'), server.waitFor('reset')]);
    const { censor = 0 } = await box.stop();
    return { resets: censor, helloBytes: hello(BLOCKED_NAME).length };
  },
  expected: [{ code: 'tls-hello-reset', min: 'likely', max: 'strong' }],
  also: ['rst-forged', 'rst-genuine', 'data-loss'],
};
