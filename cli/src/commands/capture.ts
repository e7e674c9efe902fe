import { BothendsError, ERROR_CODES, type ErrorCode } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { Option } from 'commander';
import { joinFilter } from '../args/filter.js';
import { reportOptions } from '../args/output.js';
import { count, duration, hostOrPod, interfaceName, name, port, snaplen } from '../args/values.js';
import type { Connection } from '../client/client.js';
import { withCoordinator } from '../client/session.js';
import { ExitStatus, UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { printReport, type ReportFlags } from '../output/print-report.js';
import { captureDisplay } from '../watch/display.js';
import { Stopper } from '../watch/stop.js';
import { watchCapture } from '../watch/watch.js';
import { fetchReport } from './report.js';
import type { Setup } from './setup.js';

interface CaptureFlags extends ReportFlags {
  port?: number;
  interface?: string;
  snaplen?: number;
  count?: number;
  duration?: number;
  until?: 'rst' | 'finding';
  name?: string;
  backEnd?: string;
  detach?: boolean;
  marker: boolean;
  clearNames?: boolean;
  keepRaw?: boolean;
}

/** `bothends capture CLIENT SERVER [FILTER]`: records at both ends and says what happened between them. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('capture')
    .helpGroup('Captures:')
    .summary('record the same traffic at both ends, then print the report')
    .description(
      'Arms a tap on both hosts, records until it is stopped (Ctrl-C, --duration, -c or --until), and prints ' +
        'the report. Nobody starts unless both are armed. Everything after the options is a pcap-filter(7) ' +
        'expression, quoted or not.',
    )
    .argument('<client>', 'host at the client’s end, as `bothends agents` names it, or pod/NAME', hostOrPod)
    .argument('<server>', 'host or pod at the server’s end', hostOrPod)
    .argument('[filter...]', 'what to record: pcap-filter(7)')
    .option('-p, --port <n>', 'record this port; reports when nobody even tried it', port)
    .option('-i, --interface <name>', 'interface on both hosts (default: any)', interfaceName)
    .option('-s, --snaplen <bytes>', 'bytes kept of each packet (default: 192, all headers)', snaplen)
    .option('-c, --count <packets>', 'stop when a tap has taken this many', count)
    .option('--duration <time>', 'stop after this long: 30s, 5m', duration)
    .addOption(new Option('--until <event>', 'stop by itself when this is seen').choices(['rst', 'finding']))
    .option('--name <name>', 'name of the capture', name)
    .option('--back-end <name>', 'packet-mmap, tcpdump or cap (default: the best of each host)', name)
    .option('--clear-names', 'ask for DNS and TLS server names in clear; each host’s policy decides')
    .option('--keep-raw', 'have both hosts keep the packets themselves, where their policies allow it')
    .option('--detach', 'print the id and return while it records')
    .option('--no-marker', 'send no marker packet (proves less about the taps)')
    .addHelpText('after', EXAMPLES);
  reportOptions(command).action((client: string, server: string, words: string[], flags: CaptureFlags) =>
    withCoordinator(command, io, async (connection) => {
      exit(await run(connection, { client, server, words, flags }, io));
    }),
  );
}

const EXAMPLES = `
Examples:
  bothends capture web-1 db-1 --port 5432
  bothends capture web-1 db-1 --until rst --duration 10m tcp and host 10.0.0.7
  bothends capture pod/shop/web-7f9 pod/shop/db-0 --port 5432
  bothends capture web-1 db-1 -o markdown 'port 443 or icmp' > ticket.md`;

interface Request {
  readonly client: string;
  readonly server: string;
  readonly words: readonly string[];
  readonly flags: CaptureFlags;
}

async function run(connection: Connection, request: Request, io: Io): Promise<number> {
  const { captureId } = await start(connection, request);
  if (request.flags.detach) {
    io.stdout.write(`${captureId}\n`);
    return ExitStatus.done;
  }
  const last = await follow(connection, captureId, io);
  if (last.state === 'failed') throw failure(last);
  if (last.state === 'partial') {
    io.stderr.write(`bothends: the capture is partial: ${last.reason || 'one tap ended early'}\n`);
  }
  return printReport(await fetchReport(connection, captureId, io), request.flags, io);
}

function start(connection: Connection, { client, server, words, flags }: Request) {
  if (client === server) {
    throw new UsageError(
      `client and server are both "${client}"`,
      'A capture takes two hosts, one at each end.',
    );
  }
  return connection.call(
    connection.stub.startCapture,
    {
      client,
      server,
      filter: joinFilter(words, flags.port ?? null),
      name: flags.name ?? '',
      interface: flags.interface ?? '',
      snaplen: flags.snaplen ?? 0,
      durationMs: BigInt(Math.ceil(flags.duration ?? 0)),
      maxPackets: BigInt(flags.count ?? 0),
      backEnd: flags.backEnd ?? '',
      port: flags.port ?? 0,
      noMarker: !flags.marker,
      until: flags.until ?? '',
      clearNames: flags.clearNames === true,
      keepRaw: flags.keepRaw === true,
    },
    true,
  );
}

/** Shows progress until the capture is over. The first Ctrl-C stops it, a second one leaves at once. */
async function follow(connection: Connection, captureId: string, io: Io): Promise<CaptureState> {
  const display = captureDisplay(io);
  const stopper = new Stopper(connection, captureId, display);
  const release = io.onInterrupt(() => {
    if (!stopper.asked) {
      stopper.ask();
      return;
    }
    display.say(stopper.afterLeaving());
    io.leave(ExitStatus.interrupted);
  });
  display.say(`Capture ${captureId}. Ctrl-C stops it and prints the report.`);
  try {
    return await watchCapture(
      connection,
      captureId,
      {
        state: (capture) => display.state(capture),
        finding: (finding) => display.finding(finding),
        lost: (error) => display.say(`${error.message}. Trying again; the agents go on recording.`),
      },
      { now: io.now },
    );
  } catch (error) {
    if (stopper.asked) display.say(stopper.afterLeaving());
    throw error;
  } finally {
    stopper.end();
    release();
    display.close();
  }
}

function failure({ id, code, reason }: CaptureState): BothendsError {
  const known = ERROR_CODES.find((c): c is ErrorCode => c === code) ?? 'failed-precondition';
  const why = reason || `capture ${id} failed without a reason`;
  // One host's trouble is told in that host's words; whoever looks at the other one has to know too.
  return new BothendsError(known, /nobody start/i.test(why) ? why : `${why}\nNobody started.`);
}
