import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Asked about a port that the client never tried. Needs the question: `--port`. */
export const noAttempt: Scenario = {
  name: 'no-attempt',
  title: 'the client’s own OUTPUT chain drops its SYNs: nothing leaves its host',
  network: path(),
  family: 4,
  port: 7008,
  tap: 'any',
  asked: true,
  async play(stage) {
    await stage.control();
    await stage.listen([]);
    const fault = await stage.fault(stage.client, 'output', `tcp dport ${stage.port}`, 'drop');
    stage.connect([]);
    const dropped = await fault.hits(2);
    await stage.control();
    return { droppedBeforeTheTap: dropped };
  },
  expected: [{ code: 'no-attempt', min: 'likely' }],
  also: [],
};
