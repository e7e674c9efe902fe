import { once } from 'node:events';
import { BothendsError, type Report } from '@bothends/proto';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { INCIDENTS, type Incident } from './incidents.js';
import { type Screen, verdictProblem } from './screen.js';

/** From the command to both taps recording: half a second on a LAN, more on a loaded machine. */
const RECORDING_TIMEOUT_MS = 20_000;

/** The main job for real: agents and coordinator as processes in virtual hosts, one capture for each incident. */
export async function runLive(screen: Screen): Promise<string[]> {
  screen.say('Building client – m1 – m2 – m3 – server, each with its own Linux network stack …');
  await using lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
  screen.say('Starting a coordinator, and an agent on client and server, joined over TLS …');
  await using fleet = await Fleet.start(lab);
  const problems: string[] = [];
  for (const incident of INCIDENTS) {
    screen.title(incident.title);
    const report = await capture(lab, fleet, incident, screen);
    problems.push(...verdictProblem(incident, report));
  }
  return problems;
}

/** One incident, recorded as a user would: start, let it happen, Ctrl-C, read the report. */
async function capture(lab: Lab, fleet: Fleet, incident: Incident, screen: Screen): Promise<Report> {
  const args = ['capture', 'client', 'server', '--port', String(incident.port), '--name', incident.name];
  screen.command(args);
  const child = fleet.spawn(args);
  const ended = once(child, 'close');
  let progress = '';
  const recording = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(notRecording('in time', progress)), RECORDING_TIMEOUT_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      progress += text;
      screen.write(text);
      if (/ recording: /.test(progress)) {
        clearTimeout(timer);
        resolve();
      }
    });
    child.on('close', () => {
      clearTimeout(timer);
      reject(notRecording('at all', progress));
    });
  });
  child.stdout?.on('data', (text: Buffer) => screen.write(text.toString()));
  await recording;
  const restore = await incident.stage(lab);
  child.kill('SIGINT');
  await ended;
  await restore();
  return fleet.report(incident.name);
}

function notRecording(how: string, progress: string): BothendsError {
  return new BothendsError('unavailable', `demo: the capture did not begin ${how}: ${progress.trim()}`);
}
