import { type ComponentChildren, Fragment } from 'preact';

/** Small pieces that several views share. */

/** `proven`, `strong` …: how far the evidence carries. */
export function Grade({ grade }: { grade: string }): ComponentChildren {
  return <span class={`grade grade-${grade}`}>{grade}</span>;
}

/** `recording`, `complete` …; the running ones are marked by more than a colour. */
export function StateBadge({ state }: { state: string }): ComponentChildren {
  const kind = isRunning(state) ? 'running' : state;
  return <span class={`state state-${kind}`}>{state}</span>;
}

export function isRunning(state: string): boolean {
  return state !== 'complete' && state !== 'partial' && state !== 'failed';
}

/** Prose in which `code` between back quotes becomes code. */
export function Prose({ text }: { text: string }): ComponentChildren {
  const parts = text.split(/`([^`]+)`/);
  return <Fragment>{parts.map((part, i) => (i % 2 === 1 ? <code>{part}</code> : part))}</Fragment>;
}

/** `2026-01-02 03:04:05`, the rest of the instant on pointing at it. */
export function Time({ at }: { at: string }): ComponentChildren {
  return (
    <time dateTime={at} title={at}>
      {at.slice(0, 19).replace('T', ' ')}
    </time>
  );
}

/** Where one is, as links that lead back up. */
export function Trail({ steps }: { steps: readonly (readonly [string, string])[] }): ComponentChildren {
  return (
    <nav class="trail" aria-label="Where you are">
      {steps.map(([name, path]) => (
        <a href={path}>{name}</a>
      ))}
    </nav>
  );
}

/** Copies the address of what is on the screen. */
export function ShareButton({ path, label }: { path: string; label: string }): ComponentChildren {
  const copy = async (event: Event) => {
    const button = event.currentTarget as HTMLButtonElement;
    const url = new URL(path, location.href).href;
    try {
      await navigator.clipboard.writeText(url);
      button.textContent = 'Link copied';
    } catch {
      // Without the right to the clipboard the address is shown for copying by hand.
      button.textContent = url;
    }
  };
  return (
    <button type="button" class="small" onClick={(event) => void copy(event)}>
      {label}
    </button>
  );
}
