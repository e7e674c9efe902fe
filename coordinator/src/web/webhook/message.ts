import { createHmac } from 'node:crypto';
import type { Finding } from '@bothends/proto';
import { fields, packetNumbers } from '@bothends/proto/report/words';
import type { Capture } from '../../captures/capture.js';

/** One message to a webhook: JSON, and the id by which a receiver knows one that it has had already. */
export interface WebhookMessage {
  id: string;
  body: string;
}

/** What is told of a finding. `url` leads to it on the page; null where no page is served. */
export function webhookMessage(capture: Capture, finding: Finding, url: string | null): WebhookMessage {
  const id = `${capture.id}/${finding.id}/${finding.grade}`;
  const body = JSON.stringify({
    schema: 'bothends.webhook.v1',
    id,
    capture: { id: capture.id, name: capture.name },
    finding,
    markdown: findingMarkdown(capture, finding, url),
    url,
  });
  return { id, body };
}

/**
 * Proves who sent a body and when, so that an old one cannot be played again:
 * `t=<epoch s>,v1=<HMAC-SHA256 of "t.body", hex>`.
 */
export function signature(secret: string, body: string, epochS: number): string {
  return `t=${epochS},v1=${createHmac('sha256', secret).update(`${epochS}.${body}`).digest('hex')}`;
}

function findingMarkdown(capture: Capture, finding: Finding, url: string | null): string {
  const { code, grade, statement, evidence, counter, missing, remedy } = finding;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${title}**`, items.map((item) => `- ${item}`).join('\n')];
  const shown = (item: Finding['evidence'][number]) => `${inline(item.text)} ${packetNumbers(item)}`.trim();
  return [
    `### \`${code}\`: ${grade}`,
    inline(statement),
    [`capture \`${capture.id}\` ${inline(capture.name)}`, ...fields(finding)].join(' · '),
    ...list('Evidence', evidence.map(shown)),
    ...list('What speaks against it', counter.map(shown)),
    ...list('Missing', missing.map(inline)),
    ...(remedy === null ? [] : [`**What to do:** ${inline(remedy)}`]),
    ...(url === null ? [] : [`[Open the finding](${url})`]),
  ].join('\n\n');
}

/** Text whose characters keep no meaning in Markdown, except that `code` between back quotes stays code. */
function inline(text: string): string {
  const parts = text.replace(/\s*\n\s*/g, ' ').split(/(`[^`]+`)/);
  return parts
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\`*_[\]<>|]/g, (c) => `\\${c}`)))
    .join('');
}
