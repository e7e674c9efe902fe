import { meddled } from './meddled.js';

export const ackLoss = meddled({
  code: 'ack-loss',
  title: 'loses 30 % of the pure ACKs',
  match: { protocol: 'tcp', flags: '.', without: 'SFPR', nth: { from: 3 }, probability: 0.3 },
  action: { do: 'drop' },
  againstBulk: true,
  expected: { min: 'likely', max: 'strong' },
  also: [],
  port: 7103,
});
