import type { Report } from '@bothends/proto';
import { expect, test } from 'vitest';
import { testCapture } from '../testing/captures.js';
import { FakeEngine } from '../testing/fake-engine.js';
import { CaptureEngine } from './capture-engine.js';

/** An engine whose client's tap came to see more flows than it follows. */
class Crowded extends FakeEngine {
  untracked = 0;

  override report(): Report {
    const report = super.report();
    const [first, ...others] = report.taps;
    if (first === undefined || this.untracked === 0) return report;
    return { ...report, taps: [{ ...first, untracked: this.untracked }, ...others] };
  }
}

test('news names a tap that saw more flows than are followed, and counts their packets', () => {
  const engine = new Crowded({ captureId: 'c', captureName: '', port: null, vouchComplete: false });
  const running = new CaptureEngine(engine, testCapture({}));
  expect(running.news()).not.toHaveProperty('crowded');
  expect(running.news()).toBeNull();
  engine.untracked = 7;
  const name = engine.taps[0]?.description.name;
  expect(running.news()?.crowded).toEqual([{ role: 'client', name, untracked: 7 }]);
  expect(running.news()).toBeNull();
  engine.untracked = 8;
  expect(running.news()?.crowded).toEqual([{ role: 'client', name, untracked: 8 }]);
});
