import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const abortUnread: Scenario = {
  name: 'abort-unread',
  title: 'the server closes with data unread',
  network: path(),
  family: 6,
  port: 6001,
  tap: 'link',
  async play(stage) {
    const { client, server } = await stage.pair(
      [{ do: 'send', bytes: 5_000 }, { do: 'drain' }],
      [{ do: 'await', word: 'close' }, { do: 'close' }],
      { serverReads: false },
    );
    await client.waitFor('sent');
    await stage.wait(100);
    server.tell('close');
    await client.waitFor('reset');
    return { serverDid: 'close with 5000 bytes unread', clientSaid: 'reset' };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['abort', 'process-died'], min: 'strong' }],
  also: [],
};
