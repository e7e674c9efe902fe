import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ladder, LadderRow } from '@bothends/proto';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INCIDENTS } from '../demo/incidents.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { chromiumPath, LabBrowser } from './web-browser.js';

const program = chromiumPath();
const skipReason = 'no Chromium on this machine: apt-get install -y chromium';

/** Where screenshots go, for a person to look at; none are taken without it. */
const SCREENSHOTS = process.env.BOTHENDS_SCREENSHOTS;

describe('the page in a browser', {
  skip: program === null,
  meta: program === null ? { skipReason } : {},
}, () => {
  describeLab('through an incident', () => {
    let lab: Lab;
    let fleet: Fleet;
    let browser: LabBrowser;
    beforeAll(async () => {
      lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
      fleet = await Fleet.start(lab);
      browser = await LabBrowser.start(lab.host('coordinator'), program ?? '');
    });
    afterAll(async () => {
      await browser?.[Symbol.asyncDispose]();
      await fleet?.stop();
      await lab?.destroy();
    });

    /** A login link as `bothends login-link` prints it. */
    async function loginLink(...args: string[]): Promise<string> {
      const { code, stdout, stderr } = await fleet.run(['login-link', ...args]);
      expect(code, stderr).toBe(0);
      return stdout.trim();
    }

    /** A page that fails the test on whatever its script throws or its policy blocks. */
    async function open(context: BrowserContext): Promise<{ page: Page; complaints: string[] }> {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/status of (401|404)/.test(message.text()))
          complaints.push(message.text());
      });
      return { page, complaints };
    }

    it('from signing in to a shared link', { timeout: 300_000 }, async () => {
      const [incident] = INCIDENTS;
      if (incident === undefined) throw new Error('the demo has no incidents');
      const context = await browser.session({ viewport: { width: 1440, height: 900 } });
      const { page, complaints } = await open(context);
      await page.goto(await loginLink());
      await page.getByRole('heading', { name: 'Captures' }).waitFor();
      expect(page.url()).not.toContain('#');
      await screenshots(page, 'captures-empty');

      await page.getByText('New capture').click();
      await page.getByRole('combobox', { name: 'Client', exact: true }).selectOption('client');
      await page.getByRole('combobox', { name: 'Server', exact: true }).selectOption('server');
      await page.getByLabel('Port').fill(String(incident.port));
      await page.getByLabel('Name').fill('page');
      await screenshots(page, 'start');
      await page.getByRole('button', { name: 'Start capture' }).click();
      await page.locator('.state', { hasText: 'recording' }).first().waitFor();
      const restore = await incident.stage(lab);
      await page.getByText('rst-forged').first().waitFor();
      // While it runs the plots follow.
      await page.locator('.coverage .typical').first().waitFor();
      await screenshots(page, 'live');
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.locator('.state-complete').waitFor();
      await restore();
      await page.locator('article', { hasText: 'rst-forged' }).waitFor();
      const timeline = page.getByRole('region', { name: 'Coverage, clock quality, latency and loss' });
      await timeline.getByText(/0 toward the server, 1 toward the client/).waitFor();
      await timeline.getByRole('img', { name: /^Time on the way, mean: toward the server \d/ }).waitFor();
      await screenshots(page, 'report');

      const finding = page.locator('article', { hasText: 'rst-forged' }).first();
      await finding.getByRole('link', { name: 'Packet by packet' }).click();
      await page.locator('[role=option]').first().waitFor();
      await page.getByRole('link', { name: 'rst-forged (proven)' }).waitFor();
      await screenshots(page, 'flow');
      await page.goBack();
      await finding.getByRole('heading').getByRole('link').click();
      await page.getByText('About').waitFor();
      const shared = page.url();
      await page.getByRole('link', { name: 'Report' }).click();
      await page.getByRole('link', { name: 'All flows' }).click();
      await page.getByRole('row').nth(1).waitFor();
      await screenshots(page, 'flows');
      await page.getByRole('link', { name: 'Captures' }).click();
      await page.locator('.captures').waitFor();
      await screenshots(page, 'captures');
      expect(complaints).toEqual([]);

      const other = await browser.session({ viewport: { width: 1440, height: 900 } });
      const fresh = await open(other);
      await fresh.page.goto(shared);
      await fresh.page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await screenshots(fresh.page, 'login');
      await fresh.page.getByLabel('Login link').fill(await loginLink('--role', 'viewer'));
      await fresh.page.getByRole('button', { name: 'Sign in' }).click();
      await fresh.page.locator('article', { hasText: 'rst-forged' }).waitFor();
      expect(fresh.page.url()).toBe(shared);
      await fresh.page.reload();
      await fresh.page.locator('article', { hasText: 'rst-forged' }).waitFor();
      expect(fresh.page.url()).toBe(shared);
      await screenshots(fresh.page, 'finding');
      // A viewer sees what there is, and is offered nothing that would be refused.
      await fresh.page.getByRole('link', { name: 'Captures' }).click();
      await fresh.page.getByRole('link', { name: 'page' }).waitFor();
      expect(await fresh.page.getByText('New capture').count()).toBe(0);
      expect(fresh.complaints).toEqual([]);
    });

    it('a link that was used signs nobody in, and says what to do', async () => {
      const link = await loginLink();
      const first = await open(await browser.session());
      await first.page.goto(link);
      await first.page.getByRole('heading', { name: 'Captures' }).waitFor();
      const second = await open(await browser.session());
      await second.page.goto(link);
      const alert = second.page.getByRole('alert');
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(/works once.*bothends login-link/);
    });

    it('ten thousand packets are walked by keyboard, and those in sight are all that is drawn', async () => {
      const { page, complaints } = await open(await browser.session());
      await page.route('**/api/captures/*/flows/f-long', (route) => route.fulfill({ json: longLadder() }));
      await page.goto(await loginLink('--capture', 'page'));
      await page.getByRole('heading', { name: 'page' }).waitFor();
      await page.goto(new URL('/captures/page/flows/f-long?packet=server-5000', page.url()).href);
      const ladder = page.getByRole('listbox');
      const options = page.getByRole('option');
      const selected = page.locator('[role=option][aria-selected=true]');
      await selected.waitFor();
      expect(await selected.getAttribute('aria-posinset')).toBe('5000');
      await ladder.focus();
      for (const [key, position] of [
        ['ArrowDown', '5001'],
        ['Home', '1'],
        ['End', '10000'],
        ['ArrowUp', '9999'],
      ] as const) {
        await page.keyboard.press(key);
        await page.locator(`[aria-selected=true][aria-posinset="${position}"]`).waitFor();
        expect(await options.count()).toBeLessThan(100);
      }
      expect(await selected.getAttribute('aria-label')).toMatch(/^Row 9999, .*toward the server, delivered/);
      // Row 7501 is the only one that was lost.
      await page.getByRole('button', { name: 'Previous' }).click();
      await page.locator('[aria-selected=true][aria-posinset="7501"]').waitFor();
      expect(await page.locator('.details').textContent()).toContain('lost on the path');
      await screenshots(page, 'ladder-long');
      expect(complaints).toEqual([]);
    });

    it('a coordinator that starts again asks to sign in, and then shows the same view', async () => {
      const running = fleet.capture(['client', 'server', '--port', '9', '--name', 'restarted']);
      await running.recording();
      const { page } = await open(await browser.session());
      await page.goto(await loginLink('--capture', 'restarted'));
      await page.locator('.state', { hasText: 'recording' }).first().waitFor();
      await fleet.end('coordinator', 'SIGKILL');
      await page.getByText('The connection to the coordinator broke').waitFor();
      await fleet.startCoordinator();
      await page.getByLabel('Login link').fill(await loginLink());
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'restarted' }).waitFor();
      await page.locator('.state', { hasText: 'recording' }).first().waitFor();
      await running.stop();
      await page.locator('.state-complete').waitFor();
    });

    it('every metric that the alerts and the dashboard ask for is one that there is', async () => {
      const token = readFileSync(join(fleet.folder, 'coordinator/metrics-token'), 'utf8').trim();
      const running = fleet.capture(['client', 'server', '--port', '9', '--name', 'metrics']);
      await running.recording();
      const { page } = await open(await browser.session());
      await page.goto(await loginLink());
      const scrape = (authorization: string) =>
        page.evaluate(async (header) => {
          const response = await fetch('/metrics', { headers: { authorization: header } });
          return response.text();
        }, authorization);
      // Clocks are told from the second heartbeat on.
      let text = '';
      while (!text.includes('clock_error')) text = await scrape(`Bearer ${token}`);
      await running.stop();
      const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      for (const file of ['bothends-alerts.yml', 'grafana-dashboard.json']) {
        const asked = readFileSync(join(REPOSITORY_ROOT, 'deploy/monitoring', file), 'utf8').match(
          /bothends_\w+/g,
        );
        expect(asked?.length, file).toBeGreaterThan(3);
        for (const name of asked ?? []) expect(told.has(name), `${name} in ${file}`).toBe(true);
      }
    });
  });
});

/** A flow as long as a ladder gets: one packet a millisecond, of which the 7501st dies on its way. */
function longLadder(): Ladder {
  const rows = Array.from({ length: 10_000 }, (_, i): LadderRow => {
    const isLost = i === 7500;
    const sent = i * 1e6;
    const received = isLost ? null : sent + 200_000 + (i % 100) * 1000;
    const toServer = i % 2 === 0;
    return {
      timeNs: sent,
      direction: toServer ? 'toward-server' : 'toward-client',
      clientNs: toServer ? sent : received,
      serverNs: toServer ? received : sent,
      clientNumber: isLost && !toServer ? null : i + 1,
      serverNumber: isLost && toServer ? null : i + 1,
      fate: isLost ? 'lost' : 'delivered',
      flags: 'P.',
      sequence: i * 100,
      sequenceEnd: i * 100 + 100,
      acknowledgment: 1,
      window: 500,
      length: 100,
      retransmissionOf: null,
      note: '',
    };
  });
  const end = { address: '10.0.0.1', port: 40_000 };
  return {
    flow: {
      ...{
        id: 'f-long',
        protocol: 'tcp',
        client: end,
        server: { address: '10.0.0.2', port: 443 },
        serverView: null,
      },
      packets: { clientTap: 10_000, serverTap: 9_999, matched: 9_999, lostToServer: 1, lostToClient: 0 },
      ...{ latency: null, findings: [] },
    },
    clock: { offsetNs: 0, errorNs: 1000, driftPpm: 0, method: 'packets', steps: [] },
    startedAt: '2026-01-02T10:00:00.000000000Z',
    rows,
    omitted: 0,
  };
}

/** The page as it is, in both themes and on a telephone's and a desk's width. */
async function screenshots(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const path = join(SCREENSHOTS, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: null });
}
