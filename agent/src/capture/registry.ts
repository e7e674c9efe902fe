import { BothendsError } from '@bothends/proto';
import { capSource } from './cap/source.js';
import { packetMmapSource } from './packet-mmap/source.js';
import { pcapfileSource } from './pcapfile/source.js';
import type { BackEndName, CaptureSource, Probe } from './source.js';
import { tcpdumpSource } from './tcpdump/source.js';

/** Live back ends in the order of preference: kernel time stamps and drop counts first, and of those the cheaper one. */
const LIVE: readonly CaptureSource[] = [packetMmapSource, tcpdumpSource, capSource];
const ALL: readonly CaptureSource[] = [...LIVE, pcapfileSource];

export interface ProbedBackEnd extends Probe {
  readonly source: CaptureSource;
}

/** All back ends, with what each says about this machine. */
export async function backEnds(): Promise<ProbedBackEnd[]> {
  return Promise.all(ALL.map(async (source) => ({ source, ...(await source.probe()) })));
}

/**
 * The back end of a name, or for an empty name the first live one that can run here. Throws `not-found` for an unknown
 * name, `failed-precondition` with the reasons when none can run.
 */
export async function chooseBackEnd(name: string): Promise<CaptureSource> {
  if (name !== '') return usable(sourceNamed(name));
  const reasons: string[] = [];
  for (const source of LIVE) {
    const { available, reason } = await source.probe();
    if (available) return source;
    reasons.push(`${source.name}: ${reason}`);
  }
  throw new BothendsError('failed-precondition', `nothing here can capture packets. ${reasons.join('. ')}`);
}

function sourceNamed(name: string): CaptureSource {
  const found = ALL.find((source) => source.name === name);
  if (found !== undefined) return found;
  const names: BackEndName[] = ALL.map((source) => source.name);
  throw new BothendsError(
    'not-found',
    `there is no capture back end "${name}": choose from ${names.join(', ')}`,
  );
}

async function usable(source: CaptureSource): Promise<CaptureSource> {
  const { available, reason, refusal = 'failed-precondition' } = await source.probe();
  if (available) return source;
  throw new BothendsError(refusal, `the back end ${source.name} cannot run here: ${reason}`);
}
