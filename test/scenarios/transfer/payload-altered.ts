import { meddled } from './meddled.js';

export const payloadAltered = meddled({
  code: 'payload-altered',
  title: 'changes a byte of some segments and makes their checksums right again',
  match: { payload: 1_000, probability: 0.06 },
  action: { do: 'corrupt', at: 20, repair: true },
  bytes: 60_000,
  expected: { min: 'strong' },
  port: 7106,
});
