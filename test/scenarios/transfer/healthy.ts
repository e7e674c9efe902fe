import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { BULK_BYTES, download } from './transfer.js';

export const healthy: Scenario = {
  name: 'healthy',
  title: 'a transfer with nothing wrong',
  network: path(),
  family: 6,
  port: 7100,
  tap: 'any',
  async play(stage) {
    await download(stage);
    return { bytes: BULK_BYTES };
  },
  expected: [],
  also: [],
};
