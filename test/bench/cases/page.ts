import type { CreateLoginLinkResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { type Browser, chromium } from 'playwright-core';
import { BROWSER_ARGUMENTS, chromiumPath } from '../../e2e/web-browser.js';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { call } from '../crowd/call.js';
import { report } from '../crowd/captures.js';
import { type LargeCapture, largeCapture } from '../crowd/large-capture.js';

/** What is computed from all evidence takes seconds, and a minute on a busy machine. */
const PATIENCE_MS = 120_000;

/** What is looked at, and the element with which a reader can begin. */
interface View {
  readonly what: string;
  readonly path: string;
  readonly ready: string;
}

/** The page in a browser that has nothing of it yet, each time. */
export const page: Case = {
  name: 'page',
  title: 'from the address to the first rows that can be used, in a browser with an empty cache',
  async run(bench) {
    const program = chromiumPath();
    if (program === null) {
      bench.say('SKIPPED page: no Chromium: apt-get install -y chromium');
      return [];
    }
    await using large = await largeCapture(bench, bench.packets / 2);
    const browser = await chromium.launch({ executablePath: program, args: [...BROWSER_ARGUMENTS] });
    try {
      const figures: Figure[] = [{ what: 'packets of the capture', value: large.packets, unit: 'packets' }];
      for (const view of await viewsOf(large)) figures.push(await opened(bench, browser, large, view));
      return figures;
    } finally {
      await browser.close();
    }
  },
};

async function viewsOf({ coordinator, id }: LargeCapture): Promise<View[]> {
  const capture = `/captures/${id}`;
  const flow = (await report(coordinator, id)).flows[0]?.id ?? '';
  return [
    { what: 'captures', path: '/', ready: '.captures a' },
    { what: 'report', path: capture, ready: '.verdict' },
    { what: 'report, latency and loss', path: capture, ready: '.coverage .typical' },
    { what: 'flows', path: `${capture}/flows`, ready: 'tbody a' },
    { what: 'one flow, packet by packet', path: `${capture}/flows/${flow}`, ready: '[role=option]' },
  ];
}

async function opened(bench: Bench, browser: Browser, large: LargeCapture, view: View): Promise<Figure> {
  const samples = [];
  for (let round = 0; round < bench.rounds; round++) samples.push(await open(browser, large, view));
  const cpu = median(samples.map(({ cpuMs }) => cpuMs));
  const value = median(samples.map(({ readyMs }) => readyMs));
  return { what: view.what, value, unit: 'ms', compared: `${Math.round(cpu)} ms of the page's own CPU` };
}

/** ms from the begin of the navigation, and CPU of the page's main thread until then. */
async function open(
  browser: Browser,
  { coordinator }: LargeCapture,
  { path, ready }: View,
): Promise<{ readyMs: number; cpuMs: number }> {
  // The authority is the coordinator's own.
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const shown = await context.newPage();
  const { url } = await call<CreateLoginLinkResponse>((done) =>
    coordinator.client.createLoginLink({ role: '', path: '' }, done),
  );
  await shown.goto(url);
  await shown.getByRole('heading', { name: 'Captures' }).waitFor();
  // Signed in; the page itself is asked for anew, as by somebody who opens a link in the morning.
  const session = await context.newCDPSession(shown);
  await session.send('Network.clearBrowserCache');
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await taskMs();
  await shown.goto(new URL(path, url).href);
  await shown.locator(ready).first().waitFor({ timeout: PATIENCE_MS });
  // Since the begin of the navigation; the answer takes a free thread, as a key would.
  const readyMs = await shown.evaluate(() => performance.now());
  const cpuMs = (await taskMs()) - before;
  await context.close();
  return { readyMs, cpuMs };

  async function taskMs(): Promise<number> {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  }
}
