import { BothendsError } from '@bothends/proto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { forgedReport } from '../render/samples/forged.js';
import { captureState, watched } from '../testing/capture-states.js';
import { makePki } from '../testing/certificates.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { CliProcess, runCli } from '../testing/run-cli.js';

const reportJson = JSON.stringify(forgedReport, null, 2);
const pki = makePki();
let coordinator: FakeCoordinator;
let context: string;

beforeAll(() => {
  coordinator = new FakeCoordinator(pki);
});
afterEach(() => coordinator.kill());
afterAll(() => coordinator.close());

async function serve(answers: Parameters<FakeCoordinator['start']>[0]): Promise<void> {
  await coordinator.start(answers);
  context = coordinator.contextFile();
}

const cli = (...args: string[]) => runCli(args, { BOTHENDS_CONTEXT: context });

describe('capture', () => {
  test('sends what was asked, shows progress on stderr, prints the report on stdout', async () => {
    const asked: object[] = [];
    const states = ['arming', 'recording', 'draining', 'complete'].map((s) => captureState(s));
    await serve({
      unary: {
        startCapture: (request: object) => {
          asked.push(request);
          return { captureId: 'c-7kq2m' };
        },
        getReport: () => ({ reportJson }),
      },
      stream: { watchCapture: () => watched(states, forgedReport.findings.slice(0, 1)) },
    });
    const line =
      'capture web-1 db-1 --port 443 -s 96 --duration 1.5s --until rst --no-marker tcp and host 10.0.0.1';
    const { status, stdout, stderr } = await cli(...line.split(' '), '-o', 'json', '--exit-code');
    expect(asked).toMatchObject([
      {
        client: 'web-1',
        server: 'db-1',
        filter: '(port 443) and (tcp and host 10.0.0.1)',
        snaplen: 96,
        durationMs: 1500n,
        port: 443,
        until: 'rst',
        noMarker: true,
      },
    ]);
    expect(stdout).toBe(reportJson);
    expect(stderr).toContain('c-7kq2m recording: client web-1 recording 12 packets, 0 dropped; server db-1');
    expect(stderr).toContain('finding: rst-forged (proven): A device on the path');
    expect(status).toBe(10);
  });

  test('--detach prints the id alone', async () => {
    await serve({ unary: { startCapture: () => ({ captureId: 'c-7kq2m' }) } });
    expect(await cli('capture', 'web-1', 'db-1', '--detach')).toEqual({
      status: 0,
      stdout: 'c-7kq2m\n',
      stderr: '',
    });
  });

  test('a refusal comes through as the coordinator worded it', async () => {
    const refusal = 'no host "wbe-1": did you mean web-1?';
    await serve({
      unary: {
        startCapture: () => {
          throw new BothendsError('not-found', refusal);
        },
      },
    });
    expect(await cli('capture', 'wbe-1', 'db-1')).toEqual({
      status: 1,
      stdout: '',
      stderr: `bothends: ${refusal}\n`,
    });
  });

  test('a capture that fails while arming says why and prints no report', async () => {
    const reason =
      'db-1 refused: policy of db-1 refuses snaplen 65535 (max 256): ask its owner, or use -s 256';
    await serve({
      unary: { startCapture: () => ({ captureId: 'c-7kq2m' }) },
      stream: {
        watchCapture: () =>
          watched([captureState('arming'), captureState('failed', { reason, code: 'permission-denied' })]),
      },
    });
    const { status, stdout, stderr } = await cli('capture', 'web-1', 'db-1');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`bothends: ${reason}\n`);
  });

  test('Ctrl-C stops both taps and still prints the report', async () => {
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    await serve({
      unary: {
        startCapture: () => ({ captureId: 'c-7kq2m' }),
        stopCapture: () => {
          stop();
          return {};
        },
        getReport: () => ({ reportJson }),
      },
      stream: {
        watchCapture: async function* () {
          yield* watched([captureState('recording')]);
          await stopped;
          yield* watched([captureState('complete')]);
        },
      },
    });
    const running = new CliProcess(['capture', 'web-1', 'db-1'], { BOTHENDS_CONTEXT: context });
    await running.stderrHas('recording');
    running.signal('SIGINT');
    const { status, stdout, stderr } = await running.done;
    expect(status).toBe(0);
    expect(stderr).toContain('Stopping both taps');
    expect(stdout).toContain('rst-forged');
  });

  test('a second Ctrl-C leaves at once', async () => {
    await serve({
      unary: { startCapture: () => ({ captureId: 'c-7kq2m' }), stopCapture: () => ({}) },
      stream: {
        watchCapture: async function* () {
          yield* watched([captureState('recording')]);
          await new Promise(() => {});
        },
      },
    });
    const running = new CliProcess(['capture', 'web-1', 'db-1'], { BOTHENDS_CONTEXT: context });
    await running.stderrHas('recording');
    running.signal('SIGINT');
    await running.stderrHas('Stopping both taps');
    // What comes within the same moment is the same key, passed on; a person presses until it is heard.
    const pressing = setInterval(() => running.signal('SIGINT'), 200);
    expect(await running.done).toMatchObject({ status: 130, stdout: '' });
    clearInterval(pressing);
  });

  test('Ctrl-C while the coordinator is away stops the capture when it is back', async () => {
    const recording = async function* () {
      yield* watched([captureState('recording')]);
      await new Promise(() => {});
    };
    await serve({
      unary: { startCapture: () => ({ captureId: 'c-7kq2m' }) },
      stream: { watchCapture: recording },
    });
    const running = new CliProcess(['capture', 'web-1', 'db-1'], { BOTHENDS_CONTEXT: context });
    await running.stderrHas('recording');
    coordinator.kill();
    await running.stderrHas('Trying again; the agents go on recording.');
    running.signal('SIGINT');
    await running.stderrHas('Trying until it can');
    let stopped = '';
    await coordinator.start({
      unary: {
        stopCapture: ({ captureId }: { captureId: string }) => {
          stopped = captureId;
          return {};
        },
        getReport: () => ({ reportJson }),
      },
      stream: {
        watchCapture: async function* () {
          yield* watched([captureState('draining')]);
          while (stopped === '') await new Promise((resolve) => setTimeout(resolve, 10));
          yield* watched([captureState('complete')]);
        },
      },
    });
    expect(await running.done).toMatchObject({ status: 0, stdout: expect.stringContaining('rst-forged') });
    expect(stopped).toBe('c-7kq2m');
  });

  test('whoever leaves while the coordinator is away is told how to stop the capture', async () => {
    await serve({
      unary: { startCapture: () => ({ captureId: 'c-7kq2m' }) },
      stream: {
        watchCapture: async function* () {
          yield* watched([captureState('recording')]);
          await new Promise(() => {});
        },
      },
    });
    const running = new CliProcess(['capture', 'web-1', 'db-1'], { BOTHENDS_CONTEXT: context });
    await running.stderrHas('recording');
    coordinator.kill();
    await running.stderrHas('Trying again');
    running.signal('SIGINT');
    await running.stderrHas('Trying until it can');
    const pressing = setInterval(() => running.signal('SIGINT'), 200);
    const { status, stderr } = await running.done;
    clearInterval(pressing);
    expect(status).toBe(130);
    expect(stderr).toContain('The capture goes on: `bothends stop c-7kq2m` stops it');
  });

  test('a coordinator that dies in mid-capture is told, and followed again when it is back', async () => {
    const start = { startCapture: () => ({ captureId: 'c-7kq2m' }), getReport: () => ({ reportJson }) };
    await serve({
      unary: start,
      stream: {
        watchCapture: async function* () {
          yield* watched([captureState('recording')]);
          await new Promise(() => {});
        },
      },
    });
    const running = new CliProcess(['capture', 'web-1', 'db-1'], { BOTHENDS_CONTEXT: context });
    await running.stderrHas('recording');
    coordinator.kill();
    await running.stderrHas('Trying again; the agents go on recording.');
    await coordinator.start({
      unary: start,
      stream: { watchCapture: () => watched([captureState('complete')]) },
    });
    const { status, stdout } = await running.done;
    expect(status).toBe(0);
    expect(stdout).toContain('rst-forged');
  });
});
