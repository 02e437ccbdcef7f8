"""The scripts by which shells complete `bulkplan`: each asks the program itself what may stand at the cursor."""

from __future__ import annotations

from collections.abc import Mapping

_BASH = r"""# bash completion for bulkplan: source this, or keep it where bash looks for such scripts
_bulkplan() {
    local line first=1
    COMPREPLY=()
    while IFS= read -r line; do
        case "$first$line" in
            1@files | 1@folders)
                compopt -o filenames 2>/dev/null
                local kind=-f
                [ "$line" = @folders ] && kind=-d
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $kind -- "${COMP_WORDS[COMP_CWORD]}")
                return ;;
        esac
        first=0
        [[ $line == *= ]] && compopt -o nospace 2>/dev/null
        COMPREPLY+=("$line")
    done < <("${1/#\~/$HOME}" __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _bulkplan bulkplan
"""

_ZSH = r"""#compdef bulkplan
# zsh completion for bulkplan: put this as _bulkplan into a folder of $fpath, or source it after compinit
_bulkplan() {
    local -a lines
    local program="${${(Q)words[1]}/#\~/$HOME}"
    lines=(${(f)"$("$program" __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"})
    case "$lines[1]" in
        @files) _files ;;
        @folders) _files -/ ;;
        ?*) _describe -V 'bulkplan' lines ;;
    esac
}
if [[ "$funcstack[1]" == _bulkplan ]]; then
    _bulkplan "$@"
else
    compdef _bulkplan bulkplan
fi
"""

_FISH = r"""# fish completion for bulkplan: put this into ~/.config/fish/completions/bulkplan.fish
function __bulkplan_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case @files
            __fish_complete_path "$current"
        case @folders
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines
    end
end
complete -c bulkplan -f -a '(__bulkplan_complete)'
"""

_POWERSHELL = r"""# PowerShell completion for bulkplan: add it to $PROFILE
Register-ArgumentCompleter -Native -CommandName bulkplan -ScriptBlock {
    param($word, $ast, $cursor)
    $before = @($ast.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString().Trim("'", '"') })
    # An equals sign before the word that is being written: PowerShell drops empty arguments.
    & $ast.CommandElements[0].ToString() __complete powershell @before "=$word" 2>$null |
        Where-Object { $_ -notlike '@*' } | ForEach-Object {
            $value, $about = $_ -split "`t", 2
            if (-not $about) { $about = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
        }
}
"""

SCRIPTS: Mapping[str, str] = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
"""By shell."""
