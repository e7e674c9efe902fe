import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const noListener: Scenario = {
  name: 'no-listener',
  title: 'nothing listens on the port',
  network: path(),
  family: 6,
  port: 8080,
  tap: 'any',
  async play(stage) {
    const error = await stage.connect([]).waitFor('error');
    return { clientSaid: error.detail };
  },
  expected: [
    { code: 'rst-genuine', sender: 'server', causes: ['no-listener'], min: 'strong', max: 'strong' },
  ],
  also: [],
};
