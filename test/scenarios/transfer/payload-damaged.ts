import { meddled } from './meddled.js';

export const payloadDamaged = meddled({
  code: 'payload-altered',
  name: 'payload-damaged',
  title: 'damages a byte of some segments, whose checksums are wrong then, so that they are dropped',
  match: { payload: 1_000, probability: 0.06 },
  action: { do: 'corrupt', at: 20, repair: false },
  bytes: 60_000,
  expected: { min: 'strong' },
  port: 7107,
});
