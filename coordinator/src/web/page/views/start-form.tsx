import { parseDuration } from '@bothends/proto/time/nanoseconds';
import { Component, type ComponentChildren } from 'preact';
import type { AgentView, StartView } from '../api-types.js';
import type { Client, Problem } from '../client.js';
import { ProblemNote, problemOf } from '../load.js';
import { goTo } from '../navigation.js';
import { pathOf } from '../routes.js';

interface StartFormProps {
  agents: readonly AgentView[];
  client: Client;
}

interface StartFormState {
  busy: boolean;
  problem: Problem | null;
}

/** Starts a capture over two hosts, and shows it. */
export class StartForm extends Component<StartFormProps, StartFormState> {
  override state: StartFormState = { busy: false, problem: null };

  readonly #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    this.setState({ busy: true, problem: null });
    try {
      const wanted = readForm(new FormData(event.currentTarget as HTMLFormElement));
      const { id } = (await this.props.client.post('/api/captures', wanted)) as { id: string };
      goTo(pathOf({ view: 'capture', id }));
    } catch (error) {
      this.setState({ busy: false, problem: problemOf(error) });
    }
  };

  override render(): ComponentChildren {
    const { busy, problem } = this.state;
    const names = this.props.agents.map(({ name, online }) => ({
      name,
      text: online ? name : `${name} (offline)`,
    }));
    return (
      <details class="card">
        <summary>New capture</summary>
        <form class="start" onSubmit={(event) => void this.#submit(event)}>
          <HostField label="Client" name="client" hosts={names} />
          <HostField label="Server" name="server" hosts={[...names].reverse()} />
          <Field label="Port" name="port" hint="any" inputMode="numeric" pattern="[0-9]{1,5}" />
          <Field label="For at most" name="duration" hint="10m" />
          <Field label="Name" name="name" hint="CLIENT-SERVER" />
          <Field label="Filter (pcap-filter)" name="filter" hint="tcp and host 10.0.0.1" wide />
          {problem && <ProblemNote problem={problem} />}
          <button type="submit" disabled={busy || names.length < 2}>
            {busy ? 'Starting…' : 'Start capture'}
          </button>
          {names.length < 2 && (
            <p class="quiet">
              Two agents must have joined: <code>bothends join-token</code> shows how.
            </p>
          )}
        </form>
      </details>
    );
  }
}

interface Host {
  name: string;
  text: string;
}

function HostField({
  label,
  name,
  hosts,
}: {
  label: string;
  name: string;
  hosts: readonly Host[];
}): ComponentChildren {
  return (
    <label>
      {label}
      <select name={name} required>
        {hosts.map((host) => (
          <option value={host.name}>{host.text}</option>
        ))}
      </select>
    </label>
  );
}

interface FieldProps {
  label: string;
  name: string;
  hint: string;
  inputMode?: 'numeric';
  pattern?: string;
  wide?: boolean;
}

function Field({ label, name, hint, inputMode, pattern, wide = false }: FieldProps): ComponentChildren {
  return (
    <label class={wide ? 'wide' : ''}>
      {label}
      <input
        name={name}
        placeholder={hint}
        autoComplete="off"
        spellcheck={false}
        {...(inputMode && { inputMode })}
        {...(pattern && { pattern })}
      />
    </label>
  );
}

/** @throws RangeError for a duration that is none */
function readForm(form: FormData): StartView {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  return {
    client: text('client'),
    server: text('server'),
    port: Number(text('port') || 0),
    filter: text('filter'),
    name: text('name'),
    durationMs: text('duration') === '' ? 0 : Math.round(parseDuration(text('duration'))),
  };
}
