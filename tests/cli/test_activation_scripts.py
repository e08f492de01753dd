"""The scripts that a shell evaluates, in the real shells: quoting, `deactivate`, what comes back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.typist import shell_program

from jupyter_dep.base.errors import UsageError
from jupyter_dep.model.shell import activation, quoting, subshell
from jupyter_dep.model.shell.activation import Activation, script
from jupyter_dep.model.shell.quoting import SHELLS, Shell, quote

POSIX: tuple[Shell, ...] = ("bash", "zsh", "sh")
NASTY = "a b'c$(touch pwned)`touch pwned` [z]*?äß\"q{#}%@NAME@\\n\u2019\u200d;&|!"
PLAIN = Activation(environment="/e", programs=("/g", "/e/bin"), label="study")


@pytest.fixture
def nasty(tmp_path: Path) -> Activation:
    """An environment at a path of which every character could mean something."""
    root = tmp_path / NASTY
    (root / "bin").mkdir(parents=True)
    (root / "guards").mkdir()
    tool = root / "bin" / "tool-of-mine"
    tool.write_text("#!/bin/sh\necho the tool runs\n")
    tool.chmod(0o755)
    return Activation(
        environment=str(root), programs=(str(root / "guards"), str(root / "bin")), label=quoting.prompt_label(NASTY)
    )


def told(shell: Shell, lines: list[str], cwd: Path, scripts: Mapping[str, str], **more: str) -> list[str]:
    """What a shell says that is given these lines; the scripts are in variables of theirs."""
    program = shell_program("sh" if shell == "sh" else shell)
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8", **scripts, **more}
    done = subprocess.run(
        [program, "-c", "\n".join(lines)], cwd=cwd, env=environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stderr == "", done.stderr
    return done.stdout.splitlines()


def evaluated(shell: Shell, variable: str = "SCRIPT") -> str:
    return f'printf "%s\\n" ${variable} | source' if shell == "fish" else f'eval "${variable}"'


def value(shell: Shell, name: str) -> str:
    """A line that tells a variable, also where it is not set."""
    return f'printf "%s\\n" "${name}"' if shell == "fish" else f'printf "%s\\n" "${{{name}-}}"'


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
def test_a_path_of_special_characters_is_entered_and_left(shell: Shell, nasty: Activation, tmp_path: Path) -> None:
    before = os.environ["PATH"]
    later = "set -gx PATH $PATH /later" if shell == "fish" else 'PATH="$PATH:/later"'
    joined = '(string join ":" $PATH)' if shell == "fish" else '"$PATH"'
    said = told(
        shell,
        [
            evaluated(shell),
            "tool-of-mine",
            value(shell, "VIRTUAL_ENV"),
            later,
            "deactivate",
            f'printf "%s\\n" {joined}',
            value(shell, "VIRTUAL_ENV"),
        ],
        tmp_path,
        {"SCRIPT": script(shell, nasty)},
    )
    assert said == ["the tool runs", nasty.environment, f"{before}:/later", ""]
    assert not list(tmp_path.rglob("pwned")), "something in the path was evaluated"


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
def test_entering_twice_is_as_once_and_entering_another_leaves_the_first(shell: Shell, tmp_path: Path) -> None:
    other = replace(PLAIN, environment="/o", programs=("/g", "/o/bin"))
    joined = '(string join ":" $PATH)' if shell == "fish" else '"$PATH"'
    lines = [evaluated(shell, "ONE"), evaluated(shell, "ONE"), evaluated(shell, "TWO"), f'printf "%s\\n" {joined}']
    scripts = {"ONE": script(shell, PLAIN), "TWO": script(shell, other)}
    assert told(shell, lines, tmp_path, scripts) == [f"/g:/o/bin:{os.environ['PATH']}"]


@pytest.mark.parametrize("shell", [*POSIX, "fish"])
def test_variables_of_another_python_are_gone_inside_and_back_afterwards(shell: Shell, tmp_path: Path) -> None:
    lines = [
        evaluated(shell),
        value(shell, "PYTHONHOME"),
        value(shell, "PYTHONPATH"),
        "deactivate",
        'printf "%s\\n" (string join ":" $PYTHONPATH)' if shell == "fish" else value(shell, "PYTHONPATH"),
        "env | grep -c -E '^PYTHON(HOME|PATH)='",
    ]
    said = told(shell, lines, tmp_path, {"SCRIPT": script(shell, PLAIN)}, PYTHONHOME="/h", PYTHONPATH="/p:/q")
    assert said == ["", "", "/p:/q", "2"]


@pytest.mark.parametrize("shell", POSIX)
def test_a_shell_that_allows_no_unset_variable_can_evaluate_it(shell: Shell, tmp_path: Path) -> None:
    lines = ["set -eu", evaluated(shell), "deactivate", "echo done"]
    assert told(shell, lines, tmp_path, {"SCRIPT": script(shell, PLAIN)}) == ["done"]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_an_alias_called_deactivate_does_not_get_in_the_way(shell: Shell, tmp_path: Path) -> None:
    allow = "shopt -s expand_aliases" if shell == "bash" else "setopt aliases"
    lines = [allow, "alias deactivate='echo alias'", evaluated(shell), "unalias deactivate", "deactivate && echo left"]
    assert told(shell, lines, tmp_path, {"SCRIPT": script(shell, PLAIN)}) == ["left"]


@pytest.mark.parametrize("shell", POSIX)
def test_the_prompt_shows_the_project_and_gets_its_own_form_back(shell: Shell, tmp_path: Path) -> None:
    lines = ["PS1='mine> '", evaluated(shell), "command -v _jupyter_dep_prompt >/dev/null && _jupyter_dep_prompt"]
    lines += ['printf "%s|\\n" "$PS1"', "deactivate", 'printf "%s|\\n" "$PS1"']
    assert told(shell, lines, tmp_path, {"SCRIPT": script(shell, PLAIN)}) == ["(study) mine> |", "mine> |"]
    assert told(shell, lines, tmp_path, {"SCRIPT": script(shell, PLAIN)}, VIRTUAL_ENV_DISABLE_PROMPT="1") == ["mine> |"] * 2


def test_bash_keeps_what_runs_before_its_prompts(tmp_path: Path) -> None:
    lines = ["PROMPT_COMMAND='echo one;'", evaluated("bash"), 'eval "$PROMPT_COMMAND"', 'printf "%s|\\n" "$PS1"']
    lines += ["deactivate", 'printf "%s|\\n" "$PROMPT_COMMAND"', "declare -F | grep -c jupyter"]
    assert told("bash", lines, tmp_path, {"SCRIPT": script("bash", PLAIN)}) == ["one", "(study) |", "echo one;|", "0"]


def test_fish_shows_the_project_and_the_status_of_the_last_command(tmp_path: Path) -> None:
    lines = ["function fish_prompt; echo mine $status; end", evaluated("fish"), "false; fish_prompt"]
    lines += ["deactivate", "false; fish_prompt", "functions -a | grep -c jupyter"]
    said = told("fish", lines, tmp_path, {"SCRIPT": script("fish", PLAIN)})
    assert said == ["(study) mine 1", "mine 1", "0"]


def test_nu_enters_it_as_an_overlay(nasty: Activation, tmp_path: Path) -> None:
    (tmp_path / "dep.nu").write_text(script("nu", nasty), "utf-8")
    lines = [
        "overlay use dep.nu",
        "^tool-of-mine",
        "print $env.VIRTUAL_ENV",
        "deactivate",
        "print ($env.VIRTUAL_ENV? | is-empty)",
    ]
    assert told("nu", lines, tmp_path, {}) == ["the tool runs", nasty.environment, "true"]


def test_powershell_enters_and_leaves_it(nasty: Activation, tmp_path: Path) -> None:
    (tmp_path / "enter.ps1").write_text(script("pwsh", nasty), "utf-8")
    program = shell_program("pwsh")
    lines = ". ./enter.ps1; tool-of-mine; $env:VIRTUAL_ENV; (prompt).StartsWith('('); deactivate; $env:PATH"
    done = subprocess.run([program, "-NoProfile", "-Command", lines], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["the tool runs", nasty.environment, "True", os.environ["PATH"]]


# Texts


@pytest.mark.parametrize(
    ("program", "shell"),
    [
        ("/usr/bin/zsh", "zsh"),
        ("-bash", "bash"),
        ("/opt/homebrew/bin/fish", "fish"),
        (r"C:\Program Files\PowerShell\7\pwsh.exe", "pwsh"),
        (r"C:\WINDOWS\system32\cmd.exe", "cmd"),
        ("powershell.exe", "pwsh"),
        ("/bin/dash", "sh"),
        ("nu", "nu"),
        ("/usr/bin/python3", None),
        ("bash-static-thing", None),
    ],
)
def test_a_shell_is_known_by_its_program(program: str, shell: Shell | None) -> None:
    assert quoting.shell_of(program) == shell


def test_an_unknown_shell_is_told_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        quoting.parse_shell("tcsh")
    assert caught.value.code == "unknown-shell" and "fish" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["$(id)", "`id`", "a'b\"c", "100%", "x\ny", "\\w", "{a}", "^", "!"])
def test_no_character_of_a_name_means_anything_in_a_prompt(name: str) -> None:
    assert not set(quoting.prompt_label(name)) & set("$`'\"%\n\\{}^!")


def test_a_name_keeps_its_letters() -> None:
    assert quoting.prompt_label("größe 2.0-β") == "größe 2.0-β"
    assert quoting.prompt_label("  ") == "project"


def test_quotes_of_powershell_and_of_windows_batch_files() -> None:
    assert quote("pwsh", "it's \u2019so\u2019") == "'it''s \u2019\u2019so\u2019\u2019'"
    assert quote("cmd", 'C:\\100%\\"x') == "C:\\100%%\\x"
    text = script("cmd", replace(PLAIN, environment="C:\\Users\\A B\\e", programs=("C:\\g", "C:\\Users\\A B\\e\\Scripts")))
    assert '@set "PATH=C:\\g;C:\\Users\\A B\\e\\Scripts;%PATH%"' in text and "doskey deactivate=" in text


@pytest.mark.parametrize("shell", SHELLS)
def test_every_script_is_filled_and_only_a_subshell_is_marked(shell: Shell) -> None:
    text = script(shell, PLAIN)
    assert "@" not in text.replace("@set", "").replace("@if", "").replace("@doskey", "").replace("@(", "")
    assert activation.MARK not in text.split("deactivate")[0]
    marked = script(shell, replace(PLAIN, project="/w/pyproject.toml"))
    assert "/w/pyproject.toml" in marked
    assert "env activate" in activation.how_to(shell)


def test_a_subshell_of_zsh_gives_the_user_his_own_folder_back() -> None:
    made = subshell.session("zsh", PLAIN, "/private", {"ZDOTDIR": "/own dots"})
    assert made.variables == {"ZDOTDIR": "/private"} and set(made.files) == {".zshenv", ".zshrc"}
    assert "ZDOTDIR='/own dots'" in made.files[".zshenv"]
