// The completion script of each shell. It passes the line to `reportctl __complete` and offers the answer without evaluating it.

const BASH = `# Completion of reportctl for bash: source <(reportctl completion bash)
_reportctl() {
    local kind= reply
    COMPREPLY=()
    {
        IFS= read -r kind
        while IFS= read -r reply; do COMPREPLY+=("$reply"); done
    } < <(reportctl __complete bash "\${COMP_LINE:0:COMP_POINT}" "\${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
    case $kind in
        files) compopt -o default 2>/dev/null ;;
        nospace) compopt -o nospace 2>/dev/null ;;
    esac
    return 0
}
complete -F _reportctl reportctl
`;

const ZSH = `#compdef reportctl
# Completion of reportctl for zsh: source <(reportctl completion zsh), after compinit
_reportctl() {
    local kind line tab=$'\\t'
    local -a lines values shown
    lines=("\${(@f)$(reportctl __complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
    kind=$lines[1]
    shift lines
    if [[ $kind == files ]]; then
        _files
        return
    fi
    for line in $lines; do
        values+=("\${line%%$tab*}")
        shown+=("\${line/$tab/  -- }")
    done
    if [[ $kind == nospace ]]; then
        compadd -S '' -l -d shown -a -- values
    else
        compadd -l -d shown -a -- values
    fi
}
if [[ $funcstack[1] == _reportctl ]]; then
    _reportctl "$@"
else
    compdef _reportctl reportctl
fi
`;

const FISH = `# Completion of reportctl for fish: reportctl completion fish | source
function __reportctl_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    # A quote that is still open cannot be unescaped.
    set -l current (string unescape -- "$token"; or string replace -r '["\\']' '' -- "$token")
    set -l lines (reportctl __complete fish $words[2..] "$current" 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path "$current"
    else
        printf '%s\\n' $lines[2..]
    end
end
complete -c reportctl -f -a '(__reportctl_complete)'
`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
