import { createEngine } from '@bothends/coordinator';
import { expect, it } from 'vitest';
import { asPublished, schemaFaults } from './schema.js';

function emptyReport() {
  const engine = createEngine({ captureId: 'c', captureName: '', port: null, vouchComplete: false });
  for (const name of ['a', 'b']) engine.addTap({ name, role: null, addresses: [] });
  return engine.report();
}

it('a report of the engine passes, even on nothing', () => {
  expect(asPublished(emptyReport())).toEqual(emptyReport());
});

it('what is not in the contract is named by its place', () => {
  const [tap, other] = emptyReport().taps;
  const wrong = { ...emptyReport(), taps: [{ ...tap, coverage: 'good' }, other] };
  expect(schemaFaults(wrong).join()).toMatch(/\/taps\/0\/coverage/);
  expect(() => asPublished({ ...emptyReport(), headline: 7 } as never)).toThrow(/\/headline/);
});
