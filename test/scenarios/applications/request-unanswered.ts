import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Is the request reaching us at all? It is: the kernel acknowledges it, and the process never answers. */
export const requestUnanswered: Scenario = {
  name: 'request-unanswered',
  title: 'a frozen server never answers an HTTP request; the client closes after 1.5 s',
  network: path(),
  family: 4,
  port: 7207,
  tap: 'any',
  async play(stage) {
    const server = await stage.listen([{ do: 'drain' }]);
    server.signal('SIGSTOP');
    const client = stage.connect([
      { do: 'send', text: 'GET /orders HTTP/1.1\r\nHost: shop.example\r\n\r\n' },
      { do: 'wait', ms: WAIT_MS },
      { do: 'close' },
    ]);
    await client.waitFor('closed');
    await stage.wait(100);
    return { serverDid: 'SIGSTOP', clientWaitedMs: WAIT_MS };
  },
  expected: [
    {
      code: 'slow-server',
      min: 'likely',
      attributes: { answers: { atMost: 0 }, longestMs: { atLeast: 1_400, atMost: 1_900 } },
    },
  ],
  also: [],
};

const WAIT_MS = 1_500;
