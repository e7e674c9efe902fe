import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import type { LabHost } from '../lab/host.js';

/** Debian's package puts it here; other systems say Chrome. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

/** Keeps the browser to itself: no look for updates, no sync, no QUIC; as root there is no sandbox to have. */
export const BROWSER_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Path of a Chromium on this machine, null for none. */
export function chromiumPath(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find(isExecutable) ?? null;
}

/** A headless browser in a virtual host: it sees the management network as a user at that host would. */
export class LabBrowser implements AsyncDisposable {
  readonly #folder: string;
  readonly #close: () => Promise<void>;
  /** A fresh session: no cookies of another. */
  readonly session: (options?: BrowserContextOptions) => Promise<BrowserContext>;

  private constructor(folder: string, browser: Awaited<ReturnType<typeof chromium.launch>>) {
    this.#folder = folder;
    this.#close = () => browser.close();
    // The fleet's own authority is not known to browsers; a person compares the fingerprint instead.
    this.session = (options) => browser.newContext({ ignoreHTTPSErrors: true, ...options });
  }

  static async start(host: LabHost, program: string): Promise<LabBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'bothends-browser-'));
    // Playwright starts one file and talks to it over two more pipes, which `ip netns exec` passes on.
    const wrapper = join(folder, 'browser');
    writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${host.namespace} ${program} "$@"\n`);
    chmodSync(wrapper, 0o755);
    return new LabBrowser(
      folder,
      await chromium.launch({ executablePath: wrapper, args: [...BROWSER_ARGUMENTS] }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
