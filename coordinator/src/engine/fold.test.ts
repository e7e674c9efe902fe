import { expect, it } from 'vitest';
import type { FlowFacts } from './facts/flow-facts.js';
import { foldNotes } from './fold.js';
import { draft } from './rules/draft.js';

const flow = (port: number) =>
  ({
    client: { address: '192.0.2.1', port },
    server: { address: '192.0.2.2', port: 443 },
    serverView: null,
  }) as FlowFacts;

const change = (code: 'dscp-changed' | 'data-loss', port: number, after: number) =>
  draft({
    code,
    grade: 'proven',
    flow: flow(port),
    statement: '',
    direction: 'toward-server',
    attributes: { before: 46, after },
  });

it('keeps a few of many equal notes and says how many flows they hold for', () => {
  const notes = Array.from({ length: 500 }, (_, port) => change('dscp-changed', port, 0));
  const kept = foldNotes([...notes, change('dscp-changed', 999, 8)]);
  expect(kept.length).toBeLessThan(50);
  expect(kept[0]?.attributes.flows).toBe(500);
  expect(kept.at(-1)?.attributes).toEqual({ before: 46, after: 8 });
});

it('never folds a fault', () => {
  const faults = Array.from({ length: 500 }, (_, port) => change('data-loss', port, 0));
  expect(foldNotes(faults)).toEqual(faults);
});
