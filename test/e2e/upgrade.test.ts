import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { Witness } from './account.js';
import { previousRelease, whyNoPreviousRelease } from './previous-release.js';
import { Traffic } from './traffic.js';

const why = whyNoPreviousRelease();
/** Builds a release, and starts a fleet three times on a loaded machine. */
const TIMEOUT_MS = 600_000;
const TRAFFIC_MS = 2_000;

describeLab('the release before', () => {
  const meta = why === null ? {} : { skipReason: why };
  describe('and this one', { skip: why !== null, meta, timeout: TIMEOUT_MS }, () => {
    let lab: Lab;
    let fleet: Fleet;
    let nextPort = 8000;
    beforeEach(async () => {
      lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
      fleet = await Fleet.start(lab, { program: previousRelease() });
    }, TIMEOUT_MS);
    afterEach(async () => {
      await fleet?.stop();
      await lab?.destroy();
    });

    /** Ends a process and starts this release in its place, on its data. */
    async function upgrade(name: 'coordinator' | 'client' | 'server'): Promise<void> {
      await fleet.end(name);
      fleet.use(BOTHENDS, name);
      if (name === 'coordinator') await fleet.startCoordinator();
      else await fleet.startAgent(name);
      await fleet.connected(['client', 'server']);
    }

    /** A capture of healthy traffic: all of it is there, and nobody is accused. */
    async function expectCapture(): Promise<void> {
      const port = nextPort++;
      const capture = fleet.capture(['client', 'server', '--port', `${port}`, '--name', `upgrade-${port}`]);
      await capture.recording();
      using witness = await Witness.start(lab, port);
      await (await Traffic.start(lab, port, TRAFFIC_MS)).over;
      await witness.stop();
      const { code, stderr } = await capture.stop();
      expect(code, stderr).toBe(0);
      const report = await fleet.report(`upgrade-${port}`);
      for (const { seen, reported } of await witness.compare(report)) {
        expect(seen).toBeGreaterThan(100);
        expect(reported).toBe(seen);
      }
      expect(report.taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
      expect(report.findings.map(({ code, grade }) => `${code} ${grade}`)).toEqual([]);
    }

    it('understand each other when the coordinator is upgraded first', async () => {
      await upgrade('coordinator');
      await expectCapture();
      fleet.use(BOTHENDS, 'user');
      await expectCapture();
      await upgrade('client');
      await expectCapture();
      await upgrade('server');
      await expectCapture();
      // What was captured by the release before is still read.
      expect((await fleet.report('upgrade-8000')).taps).toHaveLength(2);
    });

    it('understand each other when the agents are upgraded first', async () => {
      await upgrade('client');
      await expectCapture();
      await upgrade('server');
      await expectCapture();
      fleet.use(BOTHENDS, 'user');
      await expectCapture();
      const { stderr } = await fleet.run(['ca', 'rotate']);
      expect(stderr).toContain('does not know this request: it may be an older version');
      await upgrade('coordinator');
      await expectCapture();
    });
  });
});
