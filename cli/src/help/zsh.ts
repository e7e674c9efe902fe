import type { CommandHelp, OptionHelp, ProgramHelp } from './describe.js';

/** Completion script for zsh: source it, or keep it as `_bothends` in the fpath. */
export function zshCompletion({ name, options, commands }: ProgramHelp): string {
  return `#compdef ${name}
# zsh completion of ${name}: source <(${name} completion zsh)
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
_${name}() {
  local context state line
  local -a commands
  commands=(
${commands.map((c) => `    ${quote(`${c.name}:${c.summary}`)}`).join('\n')}
  )
  _arguments -C \\
${options.map((o) => `    ${specification(o)} \\`).join('\n')}
    '(-)1:command:->command' '(-)*::argument:->argument'
  case $state in
    command) _describe 'command' commands ;;
    argument)
      case $words[1] in
${commands.map((c) => commandCase(c, options)).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${name}; fi
`;
}

function commandCase(command: CommandHelp, globals: readonly OptionHelp[]): string {
  const own = new Set(command.options.map(({ long }) => long));
  const everywhere = globals.filter(({ long }) => !own.has(long));
  const words = command.words.length > 0 ? [`'1:word:(${command.words.join(' ')})'`] : [];
  // An empty list, not an empty action: _arguments would then say what it expects, and complete no options.
  const rest = command.files ? "'*:file:_files'" : "'*:argument:( )'";
  const specifications = [...[...command.options, ...everywhere].map(specification), ...words, rest];
  return `        ${command.name}) _arguments ${specifications.join(' ')} ;;`;
}

/** `'(-o --output)'{-o,--output}'[text]:value:(a b)'` as _arguments wants it. */
function specification(option: OptionHelp): string {
  const names = [option.short, option.long].filter((n) => n !== null);
  const values =
    option.choices.length > 0 ? `(${option.choices.join(' ')})` : option.takesPath ? '_files' : '';
  const value = option.takesValue ? `:value:${values}` : '';
  const text = `[${option.text.replace(/[[\]]/g, '').replaceAll(':', '\\:')}]${value}`;
  const [first, second] = names;
  return second === undefined
    ? quote(`${first}${text}`)
    : `'(${first} ${second})'{${first},${second}}${quote(text)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
