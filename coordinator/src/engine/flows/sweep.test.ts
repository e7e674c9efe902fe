import { expect, it } from 'vitest';
import * as Row from './rows.js';
import { FlowStore } from './store.js';
import { Sweep } from './sweep.js';

const SECOND = 1e9;

/** An open flow: packets of each direction, seen by both taps, the last at time 0; both ends have closed it or not. */
function storeWith(packets: readonly [number, number], closed: boolean): FlowStore {
  const store = new FlowStore();
  store.ensure(0);
  const { data } = store.flows;
  data[store.flow(0) + Row.LAST_SEEN_0] = 0;
  data[store.flow(0) + Row.LAST_SEEN_1] = 0;
  for (const direction of [0, 1] as const) {
    for (const tap of [0, 1]) {
      const side = store.side(0, direction, tap);
      data[side + Row.PACKETS] = packets[direction];
      if (closed) data[side + Row.FIN_END] = 1;
    }
  }
  return store;
}

it.each([
  ['a SYN that may still be answered', [1, 0], false, 0.1, true],
  ['a SYN that nobody answered', [1, 0], false, 0.5, false],
  ['a connection that pauses', [5, 4], false, 0.5, true],
  ['a connection that has been quiet for long', [5, 4], false, 5, false],
  ['a connection that closed', [5, 4], true, 0.1, false],
  ['a connection whose last ACK is on its way', [5, 4], true, 0.001, true],
] as const)('%s', (_, packets, closed, seconds, isOpen) => {
  const store = storeWith(packets, closed);
  const sweep = new Sweep(store, () => {});
  sweep.atEase = 0;
  sweep.run(1, [seconds * SECOND, seconds * SECOND]);
  expect(store.openFlows === 1).toBe(isOpen);
});

it('with few flows open none is put away', () => {
  const store = storeWith([5, 4], true);
  new Sweep(store, () => {}).run(1, [SECOND, SECOND]);
  expect(store.openFlows).toBe(1);
});
