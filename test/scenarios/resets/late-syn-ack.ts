import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: SYN, SYN-ACK, RST, and nobody forged anything. */
export const lateSynAck: Scenario = {
  name: 'late-syn-ack',
  title: 'the client gives up before the SYN-ACK comes; its host refuses it',
  network: boxed,
  family: 4,
  port: 8085,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({ name: 'hold', match: { flags: 'S.' }, action: { do: 'delay', ms: 600 } });
    const server = await stage.listen([]);
    const client = stage.connect([]);
    await stage.wait(350);
    client.signal('SIGKILL');
    await client.exited;
    await stage.wait(700);
    const { hold = 0 } = await box.stop();
    await server.stop();
    return { delayed: hold, clientDid: 'SIGKILL while connecting' };
  },
  expected: [{ code: 'rst-genuine', sender: 'client', causes: ['late-syn-ack'], min: 'strong' }],
  also: ['slow-path'],
};
