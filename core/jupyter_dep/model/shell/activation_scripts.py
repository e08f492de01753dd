"""The scripts that enter an environment, one for each kind of shell; `activation` fills in the `@WORDS@`."""

from __future__ import annotations

from collections.abc import Mapping

from .quoting import Shell

POSIX = """\
# the environment of @LABEL@; `deactivate` leaves it
if @HAS_DEACTIVATE@; then deactivate >/dev/null 2>&1; fi
_jupyter_dep_programs=@PROGRAMS@
@FUNCTION@ _jupyter_dep_cut@BRACES@ {
    _jupyter_dep_path=":${PATH}:"
    case "$_jupyter_dep_path" in
    *":$_jupyter_dep_programs:"*)
        PATH="${_jupyter_dep_path%%":$_jupyter_dep_programs:"*}:${_jupyter_dep_path#*":$_jupyter_dep_programs:"}"
        PATH="${PATH#:}"
        PATH="${PATH%:}"
        ;;
    esac
    unset _jupyter_dep_path
}
@FUNCTION@ deactivate@BRACES@ {
    _jupyter_dep_cut
    if [ -n "${_jupyter_dep_home+x}" ]; then export PYTHONHOME="$_jupyter_dep_home"; unset _jupyter_dep_home; fi
    if [ -n "${_jupyter_dep_pypath+x}" ]; then export PYTHONPATH="$_jupyter_dep_pypath"; unset _jupyter_dep_pypath; fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT @MARK@ _jupyter_dep_programs
    PS1="${PS1-}"
    PS1="${PS1#"@SHOWN@"}"
@PROMPT_OUT@
    hash -r 2>/dev/null
    unset -f deactivate _jupyter_dep_cut
}
_jupyter_dep_cut
export PATH="$_jupyter_dep_programs:$PATH"
export VIRTUAL_ENV=@ENVIRONMENT@
export VIRTUAL_ENV_PROMPT=@NAME@
@MARKED@
if [ -n "${PYTHONHOME+x}" ]; then _jupyter_dep_home="$PYTHONHOME"; unset PYTHONHOME; fi
if [ -n "${PYTHONPATH+x}" ]; then _jupyter_dep_pypath="$PYTHONPATH"; unset PYTHONPATH; fi
if [ -z "${VIRTUAL_ENV_DISABLE_PROMPT-}" ]; then
@PROMPT_IN@
fi
hash -r 2>/dev/null
"""

POSIX_PROMPTS: Mapping[Shell, tuple[str, str]] = {
    # themes write PS1 anew before each prompt, so it is looked at after them
    "bash": (
        """\
    function _jupyter_dep_prompt { case "${PS1-}" in @PROMPT@*) ;; *) PS1=@PROMPT@"${PS1-}" ;; esac; }
    PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND$'\\n'}_jupyter_dep_prompt\"""",
        """\
    PROMPT_COMMAND="${PROMPT_COMMAND-}"
    PROMPT_COMMAND="${PROMPT_COMMAND%_jupyter_dep_prompt}"
    PROMPT_COMMAND="${PROMPT_COMMAND%$'\\n'}"
    unset -f _jupyter_dep_prompt""",
    ),
    "zsh": (
        """\
    function _jupyter_dep_prompt { case "${PS1-}" in @PROMPT@*) ;; *) PS1=@PROMPT@"${PS1-}" ;; esac; }
    typeset -ga precmd_functions
    precmd_functions+=(_jupyter_dep_prompt)""",
        """\
    precmd_functions=(${precmd_functions:#_jupyter_dep_prompt})
    unset -f _jupyter_dep_prompt 2>/dev/null""",
    ),
    "sh": ('    PS1=@PROMPT@"${PS1-}"', "    :"),
}

HAS_DEACTIVATE: Mapping[Shell, str] = {
    "bash": "declare -F deactivate >/dev/null",
    "zsh": "(( ${+functions[deactivate]} ))",
    "sh": '[ -n "${VIRTUAL_ENV-}" ] && LC_ALL=C type deactivate 2>/dev/null | grep -q function',
}

FISH = """\
# the environment of @LABEL@; `deactivate` leaves it
functions -q deactivate; and deactivate >/dev/null 2>&1
function _jupyter_dep_cut
    set -l kept
    for entry in $PATH
        contains -- $entry @PROGRAMS@; or set kept $kept $entry
    end
    set -gx PATH $kept
end
function deactivate -d 'leave the environment'
    _jupyter_dep_cut
    set -q _jupyter_dep_home; and set -gx PYTHONHOME $_jupyter_dep_home; and set -e _jupyter_dep_home
    set -q _jupyter_dep_pypath; and set -gx PYTHONPATH $_jupyter_dep_pypath; and set -e _jupyter_dep_pypath
    set -e VIRTUAL_ENV
    set -e VIRTUAL_ENV_PROMPT
    set -e @MARK@
    if functions -q _jupyter_dep_prompt
        functions -e fish_prompt
        functions -c _jupyter_dep_prompt fish_prompt
        functions -e _jupyter_dep_prompt _jupyter_dep_status
    end
    functions -e deactivate _jupyter_dep_cut
end
_jupyter_dep_cut
set -gx PATH @PROGRAMS@ $PATH
set -gx VIRTUAL_ENV @ENVIRONMENT@
set -gx VIRTUAL_ENV_PROMPT @NAME@
@MARKED@
set -q PYTHONHOME; and set -g _jupyter_dep_home $PYTHONHOME; and set -e PYTHONHOME
set -q PYTHONPATH; and set -g _jupyter_dep_pypath $PYTHONPATH; and set -e PYTHONPATH
if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
    functions -c fish_prompt _jupyter_dep_prompt
    function _jupyter_dep_status
        return $argv[1]
    end
    function fish_prompt
        set -l last $status
        printf '%s' @PROMPT@
        _jupyter_dep_status $last
        _jupyter_dep_prompt
    end
end
"""

NU_SCRIPT = """\
$env.PATH = ($env.PATH | split row (char esep) | where {|entry| $entry not-in [@PROGRAMS@] } | prepend [@PROGRAMS@])
$env.VIRTUAL_ENV = @ENVIRONMENT@
$env.VIRTUAL_ENV_PROMPT = @NAME@
@MARKED@
hide-env --ignore-errors PYTHONHOME PYTHONPATH
let _jupyter_dep_prompt = $env.PROMPT_COMMAND?
if ($env.VIRTUAL_ENV_DISABLE_PROMPT? | is-empty) {
    $env.PROMPT_COMMAND = {||
        let own = $_jupyter_dep_prompt
        let own = if ($own | describe) == "closure" { do $own } else { $own | default "" }
        @PROMPT@ + $own
    }
}
"""

PWSH = """\
# the environment of @LABEL@; `deactivate` leaves it
if (Test-Path function:deactivate) { deactivate }
function global:_jupyter_dep_cut {
    $kept = $env:PATH -split [IO.Path]::PathSeparator | Where-Object { $_ -cnotin @(@PROGRAMS@) }
    $env:PATH = $kept -join [IO.Path]::PathSeparator
}
function global:deactivate {
    _jupyter_dep_cut
    if (Test-Path variable:global:_jupyter_dep_home) { $env:PYTHONHOME = $global:_jupyter_dep_home }
    if (Test-Path variable:global:_jupyter_dep_pypath) { $env:PYTHONPATH = $global:_jupyter_dep_pypath }
    Remove-Item -ErrorAction SilentlyContinue env:VIRTUAL_ENV, env:VIRTUAL_ENV_PROMPT, env:@MARK@
    if (Test-Path function:_jupyter_dep_prompt) {
        Copy-Item function:_jupyter_dep_prompt function:global:prompt
        Remove-Item function:_jupyter_dep_prompt
    }
    Remove-Item -ErrorAction SilentlyContinue variable:global:_jupyter_dep_home, variable:global:_jupyter_dep_pypath
    Remove-Item function:deactivate, function:_jupyter_dep_cut
}
_jupyter_dep_cut
$env:PATH = (@(@PROGRAMS@) + $env:PATH) -join [IO.Path]::PathSeparator
$env:VIRTUAL_ENV = @ENVIRONMENT@
$env:VIRTUAL_ENV_PROMPT = @NAME@
@MARKED@
if (Test-Path env:PYTHONHOME) { $global:_jupyter_dep_home = $env:PYTHONHOME; Remove-Item env:PYTHONHOME }
if (Test-Path env:PYTHONPATH) { $global:_jupyter_dep_pypath = $env:PYTHONPATH; Remove-Item env:PYTHONPATH }
if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
    Copy-Item function:prompt function:global:_jupyter_dep_prompt
    function global:prompt { @PROMPT@ + (_jupyter_dep_prompt) }
}
"""

CMD = """\
@set "_JUPYTER_DEP_PATH=%PATH%"
@set "_JUPYTER_DEP_PROMPT=%PROMPT%"
@set "PATH=@PROGRAMS@;%PATH%"
@set "VIRTUAL_ENV=@ENVIRONMENT@"
@set "VIRTUAL_ENV_PROMPT=@NAME@"
@MARKED@
@set PYTHONHOME=
@set PYTHONPATH=
@if not defined VIRTUAL_ENV_DISABLE_PROMPT set "PROMPT=@PROMPT@%PROMPT%"
@doskey deactivate=set "PATH=%_JUPYTER_DEP_PATH%" $T set "PROMPT=%_JUPYTER_DEP_PROMPT%" $T set VIRTUAL_ENV= $T set @MARK@=
"""
