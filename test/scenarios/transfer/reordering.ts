import { meddled } from './meddled.js';

export const reordering = meddled({
  code: 'reordering',
  title: 'holds one data segment in twelve back by 3 ms',
  match: { payload: 1_000, probability: 0.08 },
  action: { do: 'delay', ms: 3 },
  expected: { min: 'likely' },
  port: 7104,
});
