import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

const DECLARED = 50_000;
const DELIVERED = 18_000;

export const httpBodyCut: Scenario = {
  name: 'http-body-cut',
  title: 'the server closes in the middle of a body that its head declared longer',
  network: path(),
  family: 4,
  port: 80,
  tap: 'any',
  async play(stage) {
    const request = 'GET /archive HTTP/1.1\r\nHost: files.example\r\n\r\n';
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${DECLARED}\r\n\r\n`;
    const { client } = await stage.pair(
      [{ do: 'send', text: request }, { do: 'drain' }],
      [
        { do: 'receive', bytes: request.length },
        { do: 'send', text: head },
        { do: 'send', bytes: DELIVERED },
        { do: 'close' },
      ],
    );
    await client.waitFor('closed');
    return { declared: DECLARED, delivered: DELIVERED };
  },
  expected: [
    {
      code: 'http-body-cut',
      min: 'likely',
      attributes: {
        declared: { atLeast: DECLARED, atMost: DECLARED },
        delivered: { atLeast: DELIVERED, atMost: DELIVERED },
      },
    },
  ],
  also: [],
};
