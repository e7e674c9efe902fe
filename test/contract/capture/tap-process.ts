/**
 * Opens one tap in the network namespace that it is started in and prints what it yields, one JSON object a line.
 * Its argument is a TapRequest; it closes the tap when its standard input ends.
 */
import { once } from 'node:events';
import { chooseBackEnd } from '@bothends/agent/capture/registry';
import { DEFAULT_BUFFER_BYTES } from '@bothends/agent/capture/source';
import { RawFile } from '@bothends/agent/raw/raw-file';
import { type BothendsError, type PacketTable, toBothendsError } from '@bothends/proto';
import type { TapEvent, TapRequest, TapRow } from './tap-protocol.js';

function print(event: TapEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function rowOf(table: PacketTable, i: number): TapRow {
  return {
    timeNs: String(table.baseNs + BigInt(table.time[i] as number)),
    protocol: table.protocol[i] as number,
    sourcePort: table.sourcePort[i] as number,
    destinationPort: table.destinationPort[i] as number,
    tcpFlags: table.tcpFlags[i] as number,
    payloadLength: table.payloadLength[i] as number,
    capturedLength: table.capturedLength[i] as number,
    wireLength: table.wireLength[i] as number,
    ifindex: table.ifindex[i] as number,
    packetType: table.packetType[i] as number,
    vlan: table.vlan[i] as number,
    digest: `${table.digestHigh[i]}.${table.digestLow[i]}`,
  };
}

function rawFile({ interface: name, filter }: TapRequest, path: string): RawFile {
  return new RawFile({ path, agent: 'test', captureId: 'c', interface: name, filter, mayKeep: () => true });
}

async function run(request: TapRequest): Promise<void> {
  const source = await chooseBackEnd(request.backEnd);
  const raw = request.rawFile === undefined ? null : rawFile(request, request.rawFile);
  const tap = await source.open({
    interface: request.interface,
    filter: request.filter,
    snaplen: request.snaplen,
    bufferBytes: request.ringBytes ?? DEFAULT_BUFFER_BYTES,
    digestKey: new Uint8Array(16).fill(7),
    raw,
  });
  print({ kind: 'open', timestamps: tap.timestamps });
  process.stdin.resume().once('end', () => void tap.close());
  if (request.takeLate) await once(process.stdin, 'end');
  let packets = 0;
  let failure: BothendsError | null = null;
  try {
    for await (const table of tap) {
      packets += table.length;
      if (!request.countOnly)
        for (let i = 0; i < table.length; i++) print({ kind: 'row', row: rowOf(table, i) });
    }
  } catch (thrown) {
    failure = toBothendsError(thrown);
  }
  raw?.close(await tap.stats());
  print({ kind: 'end', packets, stats: await tap.stats(), failure: failure?.message ?? null });
}

run(JSON.parse(process.argv[2] ?? '{}') as TapRequest)
  .catch((thrown: unknown) => {
    const { code, message } = toBothendsError(thrown);
    print({ kind: 'refused', code, message });
  })
  // The tap's handles are closed; standard input may still be open.
  .finally(() => process.stdin.destroy());
