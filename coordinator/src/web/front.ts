import { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import { joinHostPort, splitHostPort } from '../addresses.js';
import type { Analyst } from '../analysis/analysis.js';
import type { Audit } from '../serve/audit/audit.js';
import type { StateSources } from '../serve/messages.js';
import type { ReportSources } from '../serve/reports.js';
import type { Clock } from '../time.js';
import type { Credentials } from '../trust/ca.js';
import { watchedAnalyst } from './findings-feed.js';
import type { Health } from './health.js';
import { FindingCounts } from './metrics/finding-counts.js';
import { MetricsToken } from './metrics/token.js';
import { LoginLinks } from './sign-in/login-links.js';
import { startWeb, WEB_PORT, type Web } from './web.js';
import { Webhook, type WebhookOptions } from './webhook/webhook.js';

export interface FrontOptions {
  /** Where the page listens, `host:port`; null: no page. */
  webAddress: string | null;
  /** The page's own certificate, null for one of the fleet's authority. */
  webCredentials: Credentials | null;
  webhook: WebhookOptions | null;
}

export interface FrontTools {
  dataDir: string;
  /** Host at which people reach this coordinator. */
  host: string;
  clock: Clock;
  logger: Logger;
  analyst: Analyst;
  health: Health;
  version: string;
}

/** What the page shows, and who writes down what was done there. */
export interface FrontSources extends StateSources, ReportSources {
  audit: Audit;
}

/** What a coordinator shows to people and to other programs beside gRPC: the page, metrics, a webhook. */
export class Front {
  /** The analyst whose live findings metrics and webhook hear of. */
  readonly analyst: Analyst;
  /** Null where no page is served. */
  readonly links: LoginLinks | null;
  readonly #options: FrontOptions;
  readonly #tools: FrontTools;
  readonly #counts = new FindingCounts();
  readonly #webhook: Webhook | null;
  #port: number;
  #certificateSha256 = '';
  #web: Web | null = null;

  constructor(options: FrontOptions, tools: FrontTools) {
    this.#options = options;
    this.#tools = tools;
    const { clock, logger } = tools;
    this.#port = splitHostPort(options.webAddress ?? '').port ?? WEB_PORT;
    const isServed = options.webAddress !== null;
    const place = () => ({ base: this.#base(), certificateSha256: this.#certificateSha256 });
    this.links = isServed ? new LoginLinks(clock, place) : null;
    const link = (capture: string, finding: string) =>
      isServed ? `${this.#base()}/captures/${capture}/findings/${encodeURIComponent(finding)}` : null;
    this.#webhook = options.webhook && new Webhook(options.webhook, { clock, logger, link });
    this.analyst = watchedAnalyst(tools.analyst, this.#listeners(), logger);
  }

  /**
   * Serves the page, where one is wanted. See startWeb for what it throws.
   * @param fleetCredentials makes a certificate of the fleet's authority, for a page that has none of its own
   */
  async open(sources: FrontSources, fleetCredentials: () => Promise<Credentials>): Promise<void> {
    const { webAddress, webCredentials } = this.#options;
    if (webAddress === null || this.links === null) return;
    const { dataDir, clock, logger, health, version } = this.#tools;
    const credentials = webCredentials ?? (await fleetCredentials());
    const metricsToken = await MetricsToken.open(dataDir);
    this.#web = await startWeb(webAddress, credentials, {
      ...sources,
      clock,
      logger,
      health,
      version,
      metricsToken,
      links: this.links,
      counts: this.#counts,
    });
    this.#port = this.#web.port;
    this.#certificateSha256 = new X509Certificate(credentials.certificatePem).fingerprint256;
    logger.info({ url: this.#base(), certificateSha256: this.#certificateSha256 }, 'page served');
  }

  /** The fleet's authority has changed: its certificate for the page is another from the next connection on. */
  async renewCertificate(fleetCredentials: () => Promise<Credentials>): Promise<void> {
    if (this.#web === null || this.#options.webCredentials !== null) return;
    const credentials = await fleetCredentials();
    this.#web.replaceCredentials(credentials);
    this.#certificateSha256 = new X509Certificate(credentials.certificatePem).fingerprint256;
  }

  /** Ends a user's sessions, and takes back the links that wait for them. */
  signOut(name: string): void {
    this.links?.forget(name);
    this.#web?.signOut(name);
  }

  async close(): Promise<void> {
    await this.#web?.close();
    await this.#webhook?.close();
  }

  #base(): string {
    return `https://${joinHostPort({ host: this.#tools.host, port: this.#port })}`;
  }

  #listeners(): Parameters<typeof watchedAnalyst>[1] {
    return {
      finding: (capture, finding, isNew) => {
        this.#counts.finding(finding, isNew);
        this.#webhook?.finding(capture, finding);
      },
      gaps: (capture, role, gaps) => this.#counts.gaps(capture, role, gaps),
      untracked: (capture, role, packets) => this.#counts.untracked(capture, role, packets),
    };
  }
}
