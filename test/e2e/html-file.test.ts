import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { BROWSER_ARGUMENTS, chromiumPath } from './web-browser.js';

const program = chromiumPath();
const skipReason = 'no Chromium on this machine: apt-get install -y chromium';

/** Reports of each outcome, one with forty flows and hostile names, as `report -o html` writes them. */
const FOLDER = join(REPOSITORY_ROOT, 'cli/src/render/golden');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.html'));

describe('a report as HTML, opened from an e-mail', {
  skip: program === null,
  meta: program === null ? { skipReason } : {},
}, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program ?? '', args: [...BROWSER_ARGUMENTS] });
  });
  afterAll(async () => browser?.close());

  /** Opens a file where there is neither a network nor a script, and tells all that it asked for. */
  async function open(file: string, width: number): Promise<{ page: Page; asked: string[] }> {
    const viewport = { width, height: 900 };
    const context = await browser.newContext({ javaScriptEnabled: false, offline: true, viewport });
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(join(FOLDER, file)).href);
    return { page, asked };
  }

  it.each(FILES)('%s asks for nothing but itself, and fits a telephone and a desk', async (file) => {
    for (const width of [360, 1440]) {
      const { page, asked } = await open(file, width);
      expect(asked).toEqual([page.url()]);
      const body = await page.locator('body').boundingBox();
      expect(body?.width).toBeLessThanOrEqual(width);
      // What is wider, the flow table, is scrolled in its own box.
      for (const box of await page.locator('h1, article, section, .scroll').all()) {
        const { x = 0, width: own = 0 } = (await box.boundingBox()) ?? {};
        expect(x + own, file).toBeLessThanOrEqual(width);
      }
      await page.context().close();
    }
  });

  it.each(FILES)('%s prints as pages of paper', async (file) => {
    const { page } = await open(file, 1440);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    expect(pages).toBeGreaterThanOrEqual(1);
    expect(pages).toBeLessThanOrEqual(4);
    // On paper nothing is scrolled: the table is as wide as the page at most, 180 mm at 96 dots an inch.
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 680, height: 1000 });
    const table = await page.locator('table').first().boundingBox();
    expect(table?.width ?? 0).toBeLessThanOrEqual(680);
    await page.context().close();
  });
});
