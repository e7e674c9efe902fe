import { meddled } from './meddled.js';

export const dataLoss = meddled({
  code: 'data-loss',
  title: 'loses 4 % of the data segments',
  match: { payload: 1, probability: 0.04 },
  action: { do: 'drop' },
  expected: { min: 'likely', max: 'strong' },
  also: ['slow-path'],
  port: 7101,
});
