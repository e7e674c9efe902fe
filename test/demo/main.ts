/** `npm run demo`: four incidents, each captured at both ends and explained. */
import { toBothendsError } from '@bothends/proto';
import { labAvailable } from '../lab/available.js';
import { runBundled } from './bundled.js';
import { runLive } from './live.js';
import { type Screen, terminalScreen } from './screen.js';

async function main(screen: Screen, args: readonly string[]): Promise<number> {
  const { ok, why } = args.includes('--bundled') ? { ok: false, why: '--bundled was given' } : labAvailable();
  if (!ok) screen.say(`No live network here (${why}): analysing captures of the same incidents instead.`);
  const startedMs = performance.now();
  const problems = await (ok ? runLive(screen) : runBundled(screen));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  for (const problem of problems) screen.say(`\nWRONG: ${problem}`);
  if (problems.length > 0) return 1;
  screen.say(`\nFour incidents in ${seconds} s. \`npx bothends explain CODE\` tells more about a verdict.`);
  return 0;
}

try {
  process.exitCode = await main(terminalScreen(process.stdout, process.env), process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`${toBothendsError(thrown).message}\n`);
  process.exitCode = 1;
}
