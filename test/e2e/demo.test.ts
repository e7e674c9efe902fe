import { expect, it } from 'vitest';
import { runBundled } from '../demo/bundled.js';
import { runLive } from '../demo/live.js';
import type { Screen } from '../demo/screen.js';
import { describeLab } from '../lab/describe.js';

function paper(): { screen: Screen; text: () => string } {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const line = (more: string) => write(`${more}\n`);
  return {
    screen: { write, say: line, title: line, command: (args) => line(args.join(' ')) },
    text: () => text,
  };
}

describeLab('the demo, live', () => {
  it('finds every incident that it stages', { timeout: 300_000 }, async () => {
    const { screen, text } = paper();
    expect(await runLive(screen), text()).toEqual([]);
  });
});

it('the demo finds the same in the bundled captures', async () => {
  const { screen, text } = paper();
  expect(await runBundled(screen), text()).toEqual([]);
});
