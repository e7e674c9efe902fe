import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { analyzeFiles } from '../truth/analyze.js';
import { SCENARIOS } from './index.js';
import { judge } from './judge.js';
import { perform } from './perform.js';

/**
 * Scenarios that are staged anew in every test run, one of each means: a router's rule, a host's rule, the in-line
 * box, NAT, the application alone. The others are judged on their recorded captures.
 */
const STAGED = [
  'reject-toward-server',
  'syn-unanswered',
  'syn-ack-lost',
  'injected-burst',
  'reject-behind-nat',
  'abort-unread',
  'healthy',
];

describeLab('verdicts on incidents staged here and now', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-live-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(STAGED)('%s', async (name) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name);
    if (!scenario) throw new RangeError(`no scenario "${name}"`);
    const { client, server } = await perform(scenario, folder);
    expect([client.dropped, server.dropped]).toEqual([0, 0]);
    const report = analyzeFiles(join(folder, 'client.pcap'), join(folder, 'server.pcap'));
    expect(judge(scenario, report)).toEqual([]);
  });
});
