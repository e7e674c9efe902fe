import { expect, it } from 'vitest';
import { FlowNames } from './names.js';

it('tells the names of a flow in an order that does not depend on which tap came first', () => {
  const names = new FlowNames();
  for (const name of ['b.example', 'a.example', 'b.example']) names.note(3, name);
  expect(names.of(3)).toEqual(['a.example', 'b.example']);
  expect(names.of(4)).toEqual([]);
});

it('follows a flow into the one that it turned out to be the other half of', () => {
  const names = new FlowNames();
  names.note(1, 'client.example');
  names.note(2, 'server.example');
  names.join((flow) => (flow === 2 ? 1 : flow));
  expect(names.of(1)).toEqual(['client.example', 'server.example']);
  expect(names.of(2)).toEqual([]);
});

it('keeps the first few of a flow that asks for thousands', () => {
  const names = new FlowNames();
  for (let i = 0; i < 1000; i++) names.note(1, `n${i}`);
  expect(names.of(1)).toHaveLength(8);
});
