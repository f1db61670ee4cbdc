"""The words of commands, as bash makes them of variables, quotes, arrays and branches."""

import shutil
import subprocess

import pytest

from gradatim.peers import find
from gradatim.peers.found import Given, Missing
from gradatim.peers.shell import commands

BASH = shutil.which("bash")


def words(text: str) -> list[str]:
    (command,) = [one for one in commands(text) if one.program]
    return [word.text for word in command.arguments]


SCRIPTS = [
    "python t.py --lr 1e-3 --min-lr=1e-5",
    "LR=3e-4\npython t.py --lr $LR --min-lr ${LR} --x \"$LR\" --y '$LR'",
    "python t.py --lr ${LR:-3e-4} ${NONE:+--no} --n ${N:=7} --m $N",
    "python t.py --lr 1 \\\n  --min-lr 2 \\\n\n",
    "# comment 'with a quote\npython t.py --a 1 # --lr 2",
    'OPTIONS=" \\\n  --lr 1 \\\n  --min-lr 2 \\\n"\npython t.py $OPTIONS',
    'X="--a 1"\nX="$X --b 2"\nX+=" --c 3"\npython t.py ${X}',
    'ARGS=(\n --lr 1 # --lr 9\n # --lr 8\n --name "a b"\n)\nARGS+=(--x)\npython t.py "${ARGS[@]}"',
    "A=(1e-3 1e-4)\npython t.py --lr ${A[1]} --n ${#A[@]} --first $A",
    "T=300000000000; B=512; S=2048\npython t.py --n $((T / B / S)) --m $(( ${T} * 3 / (B*S) ))",
    "python t.py --n $(( 7 / -2 )) --m $((2**10 % 7)) --b $((1 > 0 ? 5 : 6)) --p $((010 + 0x10))",
    "python t.py --n $((!0 + 1)) --m $((!(3 > 2) + 5)) --b $((1 && 0 || 1)) --p $((-7 % 3))",
    "if [ 7B = 7B ]; then LR=1; else LR=2; fi\npython t.py --lr $LR",
    'M=13B\ncase $M in\n 7B) LR=1;;\n 13*|x) LR=2;;\n *) LR=3;;\nesac\npython t.py --lr "$LR"',
    "G=8\nif [[ $G -gt 4 && $G != 9 ]]; then A=--big; elif false; then A=--no; fi\npython t.py $A",
    'X=a; [ "$X" = a ] && A=--yes || A=--no\n[ -z "$Y" ] && Y=2\npython t.py $A --y $Y',
    "run() { local L=$1; shift; python t.py --lr $L $@; }\nrun 0.1 --a b",
    "for i in 3; do python t.py --seed $i; done",
    "P=model.7b.bin\npython t.py ${P%.*} ${P%%.*} ${P#*.} ${P##*.} ${P/7b/8b} ${P^^}",
    "CMD=\"python t.py --lr 1 --s 'a b'\"\neval $CMD",
    "C='--lr 2'\nbash -c \"python t.py $C\"",
    'X=5 Y=6\npython t.py --x $X$Y --z "$X-$Y" \'a\'"b"c "q\\"r" \\$X',
    "cat > f <<EOF >/dev/null\n--lr 3 `echo hi`\nEOF\npython t.py --lr 1",
    "source <(echo X=1) || true\nwhile read -r l; do Y=1; done < <(ls /)\npython t.py --lr 1",
    'A=(1 \'2 3\')\npython t.py "${A[*]}" "${A[@]}" ${A[*]} "x ${A[@]} y"',
    "export LR=1e-3 B=2\ndeclare -a Z=(1 2)\npython t.py --lr $LR ${Z[@]}",
    "python t.py --lr 1 2>&1 | tee log.txt",
    "set -e\ntrue && { python t.py --lr 1; } || exit 1",
    "set -- 1e-3 8\npython t.py --lr $1 --b ${2} --n $# $@",
    "i=0\nwhile false; do X=1; done\nuntil true; do X=2; done\npython t.py --x ${X:-3}",
    "python t.py --a $'x' --b $(echo 12)",
]


@pytest.mark.skipif(BASH is None, reason="compares with bash")
@pytest.mark.parametrize("script", SCRIPTS)
def test_the_words_are_those_of_bash(script: str, tmp_path):
    # In place of Python a function of bash prints its arguments. The scripts are those above.
    printed = 'python() { printf "%s\\n" "$@" >&3; }\nexport -f python\n' + script
    path = tmp_path / "out"
    ran = f"exec 3> '{path}'\ncd '{tmp_path}'\n{printed}"
    subprocess.run([str(BASH), "-c", ran], check=True, stdout=subprocess.DEVNULL, timeout=600)
    assert words(script) == path.read_text().split("\n")[1:-1]


def test_a_comment_inside_quotes_is_no_flag_and_said():
    text = 'A="\n --lr 1 \\\n # --lr 9 \\\n --min-lr 2  # --min-lr 8\n"\npython t.py $A'
    (command,) = commands(text)
    assert [word.text for word in command.arguments] == ["--lr", "1", "--min-lr", "2"]
    assert [note[:7] for note in command.notes] == ["line 3:", "line 4:"]


def test_a_comment_that_ends_a_command_in_bash_is_said():
    text = "python t.py --lr 1 \\\n  # --lr 9 \\\n  --min-lr 2"
    (command,) = commands(text)
    assert [word.text for word in command.arguments] == ["--lr", "1", "--min-lr", "2"]
    assert "line 3: bash ends the command before this line" in command.notes[0]


def asked(text: str, **values: str | float) -> list[str]:
    (command,) = [one for one in commands(text) if one.program]
    command = command.given(Given(values=values))
    try:
        command.require(command.arguments)
    except Missing as error:
        return list(error.reasons)
    return [word.text for word in command.arguments]


LONG_SUM = f"   {'1000000000000 + ' * 700}1"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("python t.py --lr $LR", ["LR"]),
        ("LR=$5\npython t.py --lr $LR", ["LR"]),
        ("python t.py --lr $5", ["5"]),
        ("N=$(( TOKENS / B / 2 ))\npython t.py --n $N", ["TOKENS", "B"]),
        ("M=$1\nif [ $M = a ]; then LR=1; else LR=2; fi\npython t.py --lr $LR", ["M"]),
        ("if [ -f x ]; then LR=1; else LR=2; fi\npython t.py --lr $LR", ["LR"]),
        ("case $M in a) LR=1;; b) LR=2;; esac\npython t.py --lr $LR", ["M"]),
        ("for LR in 1e-3 1e-4; do python t.py --lr $LR; done", ["LR"]),
        ("N=$(nproc)\npython t.py --n $N", ["N"]),
        ("python t.py --n $(nproc --all)", ["$(nproc --all)"]),
        ("LR=<learning rate>\npython t.py --lr $LR", ["LR"]),
        ("A=1\nfor f in a b; do A=${A}0; done\npython t.py --a $A", ["A"]),
        ("while read x; do A=1; done < f\npython t.py --a $A", ["A"]),
        ("python t.py --a ${X:?write X}", ["X"]),
        # Python reads the first as 10, the others as 1000 and 3.
        ("M=08\npython t.py --n $((10#$M))", ["$((10#$M))"]),
        ("python t.py --n $((1_000))", ["$((1_000))"]),
        ("python t.py --n $((0b11))", ["$((0b11))"]),
        (f"python t.py --n $(({LONG_SUM}))", [f"$(({LONG_SUM}))"]),
    ],
)
def test_what_is_not_known_is_asked_for(text: str, names: list[str]):
    assert asked(text) == names


@pytest.mark.parametrize(
    ("text", "values", "found"),
    [
        ("LR=$5\npython t.py --lr $LR", {"LR": 0.1}, ["--lr", "0.1"]),
        ("LR=$5\npython t.py --lr $LR", {"5": 1e-5}, ["--lr", "1e-05"]),
        (
            "M=$1\nif [ $M = a ]; then X='--l 1'; else X=; fi\npython t.py $X",
            {"M": "a"},
            ["--l", "1"],
        ),
        ("for L in 1 2; do python t.py --l $L; done", {"L": 2}, ["--l", "2"]),
        ("L=1\npython t.py --l $L", {"L": 3}, ["--l", "3"]),
    ],
)
def test_what_is_given_counts(text: str, values: dict, found: list[str]):
    assert asked(text, **values) == found


def test_arguments_that_a_loop_reads_keep_their_defaults_and_it_is_said():
    loop = "while [ $# -gt 0 ]; do case $1 in --lr) LR=$2;; esac; shift; done"
    text = f"LR=1\n{loop}\npython t.py --l $LR"
    (command,) = commands(text)
    assert [word.text for word in command.arguments] == ["--l", "1"]
    assert "line 2: the arguments of the script are not read" in command.notes[0]


def test_a_file_that_is_sourced_is_said():
    (command,) = commands("source ./config.sh\nsource /opt/venv/bin/activate\npython t.py")
    assert command.notes == ("line 1: ./config.sh is not read here; what it sets counts there.",)


def test_parts_of_a_script():
    (command,) = commands('MODEL="--layers 3"\nTRAIN=(--lr 1)\n')
    assert [word.text for word in command.words] == ["--layers", "3", "--lr", "1"]
    (command,) = commands("--lr 1\n--min-lr 2 \\\n--x")
    assert [word.text for word in command.words] == ["--lr", "1", "--min-lr", "2", "--x"]


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("CUDA_VISIBLE_DEVICES=0 nohup python -u a/train.py --x &> log &", "train.py"),
        ("torchrun --nproc_per_node 8 train.py --x", "train.py"),
        ("python -m torch.distributed.launch --nproc_per_node=4 train.py --x", "train.py"),
        ("python3 -m torch.distributed.run --nproc_per_node=4 -m pkg.train --x", "pkg.train"),
        ("accelerate launch --config_file f.yaml run_clm.py --x", "run_clm.py"),
        ("deepspeed --num_gpus 8 main.py --x", "main.py"),
        ("srun --nodes 2 bash -c 'python main.py --x'", "main.py"),
        ("fairseq-train data --x", "fairseq-train"),
        ("!python train.py --x", "train.py"),
    ],
)
def test_the_program_behind_its_launcher(text: str, program: str):
    assert [one.program for one in commands(text)] == [program]


def test_a_program_that_another_branch_runs_alike_is_there_once():
    text = "A='--lr 1'\nif [ $N = 1 ]; then python t.py $A\nelse srun python t.py $A\nfi"
    (command,) = commands(text)
    (found,) = find(text.replace("t.py", "t.py --lr-decay-style constant"), name="a.sh")
    assert (command.line, found.line) == (2, 2)
    assert found.read(Given(values={"N": 2})).schedule(0) == 1.0


def test_files_that_a_script_writes():
    text = (
        "B=8\ncat <<EOF > ds.json\n{\"batch\": $B}\nEOF\ncat > raw.json <<'E'\n$B\nE\npython t.py"
    )
    command = commands(text)[-1]
    assert command.file("ds.json") == ('{"batch": 8}\n', 3)
    assert command.file("raw.json") == ("$B\n", 6)
    assert command.file("other.json") is None


def test_lines_of_words():
    (command,) = commands("\n\npython t.py \\\n --lr 1 \\\n --x")
    assert [word.line for word in command.words] == [3, 3, 4, 4, 5]


def test_the_given_names_that_are_used_are_noted():
    given = Given(values={"L": 1, "N": 2, "M": 3, "OTHER": 4})
    (command,) = commands("N=$1\nif [ $M = 3 ]; then X=1; fi\npython t.py --l $L $X")
    command.given(given)
    assert given.used == {"L", "N", "M"}


def test_a_settings_file_that_a_script_writes_is_read():
    text = 'cat > ds.json <<END\n{\n "scheduler": {"type": "WarmupLR", "params": '
    text += '{"warmup_max_lr": 0.2, "warmup_num_steps": 10, "warmup_type": "linear"}}\n}'
    (found,) = find(f"B=8\n{text}\nEND\ndeepspeed x.py --deepspeed_config ds.json", name="a.sh")
    assert (found.project, found.line) == ("deepspeed", 4)
    assert found.read(Given()).schedule(5) == pytest.approx(0.1)
