import { meddled } from './meddled.js';

export const duplication = meddled({
  code: 'duplication',
  title: 'delivers one data segment in twelve twice',
  match: { payload: 1_000, probability: 0.08 },
  action: { do: 'duplicate', ms: 2 },
  expected: { min: 'likely' },
  port: 7105,
});
