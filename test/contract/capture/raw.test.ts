import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand } from '#lab/command';
import { describeLab } from '#lab/describe';
import { chain, Lab } from '#lab/index';
import { RemoteTap } from './tap-client.js';

const PORT = 5001;
const DATAGRAMS = 20;
const DATAGRAM_BYTES = 400;
/** Cuts the datagrams. */
const SNAPLEN = 128;

let lab: Lab;
let folder: string;

async function sendDatagrams(): Promise<void> {
  const address = lab.host('server').address();
  const steps = [{ do: 'repeat', times: DATAGRAMS, steps: [{ do: 'send', bytes: DATAGRAM_BYTES }] }] as const;
  await lab.host('client').endpoint({ protocol: 'udp', role: 'connect', address, port: PORT, steps }).exited;
}

/** Every packet with its link header and bytes, as tcpdump prints them. */
async function contentOf(path: string): Promise<string> {
  return await checkCommand(['tcpdump', '-r', path, '-nn', '-t', '-e', '-xx']);
}

describeLab('packets kept beside their rows', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-raw-'));
    lab = await Lab.create(chain({ routers: 0 }));
    await lab.host('server').endpoint({ protocol: 'udp', role: 'listen', port: PORT }).waitFor('listening');
  });
  afterAll(async () => {
    await lab?.destroy();
    rmSync(folder, { recursive: true });
  });

  describe.each(['packet-mmap', 'tcpdump'] as const)('%s', (backEnd) => {
    it.each([
      ['an interface', () => lab.host('client').interface()],
      ['any', () => 'any'],
    ])('are those that tcpdump writes of %s', async (name, device) => {
      const filter = `udp port ${PORT}`;
      const rawFile = join(folder, `${backEnd}-${name}.pcapng`);
      const truth = join(folder, `${backEnd}-${name}.pcap`);
      const recording = await lab
        .host('client')
        .record(truth, { interface: device(), filter, snaplen: SNAPLEN });
      const tap = new RemoteTap(lab.host('client'), {
        ...{ backEnd, interface: device(), filter, snaplen: SNAPLEN, countOnly: true, rawFile },
      });
      await tap.event('open');
      await sendDatagrams();
      const { packets } = await tap.close();
      await recording.stop();
      expect(packets).toBe(DATAGRAMS);
      const kept = await contentOf(rawFile);
      expect(kept).toBe(await contentOf(truth));
      expect(kept.match(/UDP/g)?.length).toBe(DATAGRAMS);
    });
  });
});
