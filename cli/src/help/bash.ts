import type { CommandHelp, OptionHelp, ProgramHelp } from './describe.js';

/** Completion script for bash; nothing but builtins, so it works without bash-completion. */
export function bashCompletion({ name, options, commands }: ProgramHelp): string {
  const root = [...commands.map((c) => c.name), ...options.flatMap(spellings)];
  return `# bash completion of ${name}: source <(${name} completion bash)
_${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' word skip=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      --context) skip=1 ;;
      -*) ;;
      *) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  [[ $previous == --context ]] && { COMPREPLY=($(compgen -f -- "$current")); return; }
  case $command in
    '') COMPREPLY=($(compgen -W '${root.join(' ')}' -- "$current")) ;;
${commands.map((c) => commandCase(c, options)).join('\n')}
  esac
}
complete -F _${name} ${name}
`;
}

function commandCase(command: CommandHelp, globals: readonly OptionHelp[]): string {
  const valued = command.options.filter((o) => o.choices.length > 0);
  const choices = valued.map(
    (o) =>
      `        ${spellings(o).join('|')}) COMPREPLY=($(compgen -W '${o.choices.join(' ')}' -- "$current")); return ;;`,
  );
  const words = [...command.words, ...[...command.options, ...globals].flatMap(spellings)];
  const files = command.files ? ' -f' : '';
  return [
    `    ${command.name})`,
    ...(choices.length > 0 ? ['      case $previous in', ...choices, '      esac'] : []),
    `      COMPREPLY=($(compgen${files} -W '${words.join(' ')}' -- "$current")) ;;`,
  ].join('\n');
}

function spellings(option: OptionHelp): string[] {
  return [option.short, option.long].filter((s) => s !== null);
}
