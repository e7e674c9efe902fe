import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** A router rejects an answer: the server is told that the client reset, and the client waits for ever. */
export const rejectTowardServer: Scenario = {
  name: 'reject-toward-server',
  title: 'm2 rejects the server’s second answer with a RST in the client’s name',
  network: path(),
  family: 4,
  port: 5432,
  tap: 'any',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    const exchange = [{ do: 'receive', bytes: 100 } as const, { do: 'send', bytes: 700 } as const];
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 700 },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [
        ...exchange,
        { do: 'receive', bytes: 100 },
        { do: 'await', word: 'answer' },
        { do: 'send', bytes: 700 },
        { do: 'drain' },
      ],
    );
    await server.waitFor('received', { count: 2 });
    const fault = await stage.fault(
      m2,
      'forward',
      `iifname "${m2.interface('m3')}" tcp sport ${stage.port}`,
      'reject with tcp reset',
    );
    server.tell('answer');
    await server.waitFor('reset');
    const rejected = await fault.hits(1);
    certain(!client.said('reset'), 'the client must know nothing of the RST');
    return { rejected, serverSaid: 'reset', clientSaid: 'nothing' };
  },
  expected: [{ code: 'rst-forged', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['data-loss', 'rst-genuine'],
};
