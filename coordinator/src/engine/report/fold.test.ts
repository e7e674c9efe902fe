import { expect, it } from 'vitest';
import type { FlowFacts } from '../facts/flow-facts.js';
import { type Draft, draft } from '../rules/draft.js';
import { Fold } from './fold.js';

let made = 0;

/** A flow of the same two hosts. */
const flow = (port: number, service = 443) =>
  ({
    flow: made++,
    hosts: 0,
    service,
    client: { address: '192.0.2.1', port },
    server: { address: '192.0.2.2', port: service },
    serverView: null,
  }) as unknown as FlowFacts;

const found = (code: 'dscp-changed' | 'data-loss' | 'ack-loss', of: FlowFacts, after = 0) =>
  draft({
    code,
    grade: 'proven',
    flow: of,
    statement: '',
    direction: 'toward-server',
    attributes: { before: 46, after },
  });

/** What is told of flows, each with its findings. */
function told(fold: Fold, drafts: readonly (readonly Draft[])[]): Draft[] {
  const kept = drafts.flatMap((own) => [...fold.take(own[0]?.flow as FlowFacts, own)]);
  fold.finish();
  return kept;
}

it('keeps a few of many equal notes and says how many flows they hold for', () => {
  const notes = Array.from({ length: 500 }, (_, port) => [found('dscp-changed', flow(port))]);
  const kept = told(new Fold(), [...notes, [found('dscp-changed', flow(999), 8)]]);
  expect(kept.length).toBeLessThan(50);
  expect(kept[0]?.attributes.flows).toBe(500);
  expect(kept.at(-1)?.attributes).toEqual({ before: 46, after: 8 });
});

it('counts the flows with the same fault beyond the first, and each of them points to it', () => {
  const fold = new Fold();
  const flows = Array.from({ length: 5000 }, (_, port) => flow(port));
  const kept = told(
    fold,
    flows.map((each) => [found('data-loss', each)]),
  );
  expect(kept.length).toBeLessThan(200);
  const [first] = kept;
  expect(kept.length + (first?.standsFor ?? 0)).toBe(5000);
  expect(flows.filter((each) => fold.standIns(each)[0] === first).length).toBe(first?.standsFor);
});

it('tells faults of a few hundred flows, and those of another service, one by one', () => {
  const one = Array.from({ length: 100 }, (_, port) => [found('data-loss', flow(port))]);
  const other = Array.from({ length: 100 }, (_, port) => [found('data-loss', flow(port, 80))]);
  expect(told(new Fold(), [...one, ...other])).toHaveLength(200);
});

it('tells few of many ports that a client tried, all counted at the first', () => {
  const fold = new Fold();
  const flows = Array.from({ length: 5000 }, (_, service) => flow(40_000, service + 1));
  const kept = told(
    fold,
    flows.map((each) => [found('data-loss', each)]),
  );
  expect(kept.length).toBeLessThan(200);
  expect(kept.length + (kept[0]?.standsFor ?? 0)).toBe(5000);
  expect(kept.slice(1).every(({ standsFor }) => standsFor === 0)).toBe(true);
  expect(fold.standIns(flows.at(-1) as FlowFacts)).toEqual([kept[0]]);
});

it('counts a flow that is passed over as it counts others, once enough are told', () => {
  const fold = new Fold();
  const flows = Array.from({ length: 300 }, (_, port) => flow(port));
  const kept = flows.flatMap((each) => {
    const [fault] = [found('data-loss', each)];
    return fold.passOver(each, fault) ? [] : [...fold.take(each, [fault])];
  });
  fold.finish();
  expect(kept).toHaveLength(100);
  expect(kept[0]?.standsFor).toBe(200);
  expect(fold.standIns(flows.at(-1) as FlowFacts)).toEqual([kept[0]]);
});

it('tells all faults of a flow or none, so that no consequence loses its cause', () => {
  const both = Array.from({ length: 300 }, (_, port) => {
    const each = flow(port);
    return [found('data-loss', each), found('ack-loss', each)];
  });
  const kept = told(new Fold(), both);
  const count = (code: string) => kept.filter((d) => d.code === code).length;
  expect(count('data-loss')).toBe(count('ack-loss'));
});

it('is bounded however many hosts are concerned', () => {
  const drafts = Array.from({ length: 60_000 }, (_, host) => {
    const of = { ...flow(1), hosts: host, service: host } as FlowFacts;
    return [found('data-loss', of)];
  });
  expect(told(new Fold(), drafts).length).toBeLessThan(11_000);
});
