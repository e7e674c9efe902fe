import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const topTalker: Scenario = {
  name: 'top-talker',
  title: 'one connection carries nearly all bytes beside several small ones',
  network: path(),
  family: 4,
  port: 7306,
  tap: 'link',
  async play(stage) {
    for (let small = 0; small < 3; small++) await stage.control();
    const bytes = 150_000;
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes },
      ],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes }, { do: 'drain' }],
    );
    await client.exited;
    return { bytesOfOne: bytes, bytesOfOthers: 3 * 800 };
  },
  expected: [{ code: 'top-talker', min: 'possible' }],
  also: [],
};
