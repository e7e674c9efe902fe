import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const payloadDamaged: Scenario = {
  name: 'payload-damaged',
  title: 'the box damages a byte of some segments; their checksums are wrong and the client drops them',
  network: boxed,
  family: 4,
  port: 7107,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'damage',
      match: { toward: 'toward-client', payload: 1_000, probability: 0.06 },
      action: { do: 'corrupt', at: 20, repair: false },
    });
    await download(stage, 60_000);
    const { damage = 0 } = await box.stop();
    const dropped = await stage.kernelCounter(stage.client, 'TcpInCsumErrors');
    certain(damage > 0 && dropped === damage, 'the client must have dropped what the box damaged');
    return { damaged: damage, checksumErrors: dropped };
  },
  expected: [{ code: 'payload-altered', direction: 'toward-client', min: 'strong' }],
  also: [],
};
