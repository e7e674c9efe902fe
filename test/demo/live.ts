import type { Report } from '@bothends/proto';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { INCIDENTS, type Incident } from './incidents.js';
import { type Screen, verdictProblem } from './screen.js';

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
  const args = ['client', 'server', '--port', String(incident.port), '--name', incident.name];
  screen.command(['capture', ...args]);
  const running = fleet.capture(args, (text) => screen.write(text));
  await running.recording();
  const restore = await incident.stage(lab);
  await running.stop();
  await restore();
  return fleet.report(incident.name);
}
