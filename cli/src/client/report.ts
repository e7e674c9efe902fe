import {
  BothendsError,
  canonicalJson,
  canonicalJsonPieces,
  type Ladder,
  REPORT_SCHEMA,
  type Report,
} from '@bothends/proto';
import { printable } from '../render/layout.js';

/** A report with the bytes that it was computed as, in pieces. */
export interface ReportDocument {
  readonly json: Iterable<string>;
  readonly report: Report;
}

/** Reads a report. Its texts are made safe to print; `json` stays as it is. Throws BothendsError on another schema. */
export function readReport(json: string): ReportDocument {
  const report = parse(json, 'the report') as Report;
  if (report?.schema !== REPORT_SCHEMA) {
    throw new BothendsError(
      'unsupported',
      `the report has schema ${String(report?.schema)}; this bothends reads ${REPORT_SCHEMA}: upgrade it`,
    );
  }
  return { json: [json], report };
}

/**
 * A report that was computed here. It is serialised only when somebody takes the bytes, once: with 100 000 flows
 * that takes longer than showing it, and much memory.
 */
export function ownReport(report: Report): ReportDocument {
  // Flows consist of numbers and addresses; text from elsewhere, such as file names, is in the rest.
  const rest = JSON.stringify({ ...report, flows: [] });
  if (!isSafe(rest)) return readReport(canonicalJson(report));
  return { report, json: canonicalJsonPieces(report) };
}

/** Joins the chunks of a ladder: the first is its head with rows, the others are more rows. */
export async function readLadder(chunks: AsyncIterable<string>): Promise<Ladder> {
  let ladder: Ladder | null = null;
  for await (const chunk of chunks) {
    const part = parse(chunk, 'the ladder') as Ladder;
    if (ladder === null) ladder = part;
    else for (const row of part.rows) ladder.rows.push(row);
  }
  if (ladder === null) throw new BothendsError('internal', 'the coordinator sent an empty ladder');
  return ladder;
}

/** How JSON writes control characters, other than the end of a line. */
const ESCAPES = /\\[bfrtu]/;

/**
 * Whether no string in it needs to be made safe. One look at the whole text is far cheaper than one at each
 * string of a large report.
 */
function isSafe(json: string): boolean {
  return !ESCAPES.test(json) && printable(json) === json;
}

function parse(json: string, what: string): unknown {
  try {
    if (isSafe(json)) return JSON.parse(json);
    return JSON.parse(json, (_key, value: unknown) => (typeof value === 'string' ? printable(value) : value));
  } catch (error) {
    throw new BothendsError('internal', `${what} that came back is not JSON`, { cause: error });
  }
}
