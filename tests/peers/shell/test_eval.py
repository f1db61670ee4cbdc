"""Text that a script puts together and runs: each of several, and through what others print."""

import pytest

from gradatim.peers.shell import commands

_FLAGS = "--lr 0.1 --train-iters 10"


def _run(text: str) -> list[list[str]]:
    return [
        [word.text for word in command.words]
        for command in commands(text)
        if command.program == "train.py"
    ]


def test_each_text_that_is_run_is_followed() -> None:
    text = f"""
command="export A=1;"
if [[ $FAST -eq 1 ]]; then
  command="$command export B=2;"
fi
run="python train.py {_FLAGS}"
command="$command $run"
if [[ $AGAIN -eq 1 ]]; then
  command="$command; rm -f x; $run"
fi
eval $command
"""
    assert _run(text) == [["python", "train.py", *_FLAGS.split()]]
    assert len(_run(text.replace("rm -f x; $run", "$run --seed 2"))) == 2


@pytest.mark.parametrize(
    "filters",
    ["", "| sed -e 's/  */ /g'", "| sed 's/  */ /g' | xargs", "| tr -s ' '"],
)
def test_what_only_changes_spaces_is_followed(filters: str) -> None:
    text = f'cmd="python   train.py {_FLAGS}"\ncmd=$(echo "${{cmd}}" {filters})\neval "$cmd"'
    assert _run(text) == [["python", "train.py", *_FLAGS.split()]]


def test_what_changes_more_is_not_known() -> None:
    text = f"cmd=\"python train.py {_FLAGS}\"\ncmd=$(echo $cmd | sed 's/0.1/0.2/')\neval $cmd"
    assert _run(text) == []


def test_a_launcher_of_a_cluster_runs_the_text_behind_c() -> None:
    assert _run(f"bcprun -p 8 -c 'python train.py {_FLAGS}'") == [
        ["python", "train.py", *_FLAGS.split()]
    ]


def test_a_command_that_is_one_of_several_texts_is_followed() -> None:
    text = f"""
if [[ $HOW == one ]]; then
  APP="python train.py {_FLAGS}"
else
  APP="torchrun train.py {_FLAGS}"
fi
${{APP}} --seed 3
"""
    assert [words[1:] for words in _run(text)] == [["train.py", *_FLAGS.split(), "--seed", "3"]]


def test_a_script_that_submits_itself_goes_on_in_the_job() -> None:
    text = f'if [ -z $SLURM_JOB_ID ]; then\n  sbatch "$0"\n  exit\nfi\npython train.py {_FLAGS}'
    assert _run(text) == [["python", "train.py", *_FLAGS.split()]]
    assert _run(text.replace("SLURM_JOB_ID", "DATA")) == []
