import type { Report } from '@bothends/proto';
import { analyzeFiles } from '../truth/analyze.js';
import { capturePaths } from './captures.js';
import type { Scenario } from './scenario.js';

/** The report on a scenario's recorded captures, asked about its port where the scenario says so. */
export function reportOn({ name, asked, port }: Scenario): Report {
  const [client, server] = capturePaths(name);
  return analyzeFiles(client, server, asked ? port : null);
}
