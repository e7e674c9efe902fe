import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INCIDENTS } from '../demo/incidents.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
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

    it('from signing in to a shared link', { timeout: 120_000 }, async () => {
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
      await screenshots(page, 'live');
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.locator('.state-complete').waitFor();
      await restore();
      await page.locator('article', { hasText: 'rst-forged' }).waitFor();
      await screenshots(page, 'report');

      const finding = page.locator('article', { hasText: 'rst-forged' }).first();
      await finding.getByRole('link', { name: 'Packet by packet' }).click();
      await page.locator('[role=option]').first().waitFor();
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
      await screenshots(fresh.page, 'finding');
      expect(fresh.complaints).toEqual([]);
    });
  });
});

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
