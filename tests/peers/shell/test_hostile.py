"""Scripts that are broken or hostile: one sentence with a line, soon, and nothing is run."""

import subprocess
import sys
from contextlib import suppress

import pytest

from gradatim import GradatimError
from gradatim.peers.shell import commands

DOUBLED = "X=--lr\n" + "X=$X$X\n" * 60 + "python t.py $X"
MANY = "A0=xxxxxxxxxx\n" + "".join(f"A{i + 1}=$A{i}$A{i}\n" for i in range(30_000))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nX='abc\n", "line 2: a quote is not closed"),
        ('\n\nX="abc $(echo " \n', "line 3: a quote is not closed"),
        ("a\ncat <<EOF\nx\n", "line 2: the heredoc EOF is not closed"),
        ("X=(1\n2", "line 1: a parenthesis is not closed"),
        ("\nX=$(echo", "line 2: a ( is not closed"),
        ("X=${Y", "line 1: a { is not closed"),
        ("X=`ls", "line 1: a backtick is not closed"),
        ("\nif true; then\n x\n", "line 2: 'if' is not closed by 'fi'"),
        ("fi", "line 1: 'fi' closes nothing"),
        ("case x in a) b", "line 1: 'case' is not closed by 'esac'"),
        ("for x in 1; y; done", "line 1: 'for' is not closed by 'do'"),
        ("a |", "line 1: '' is not expected here"),
        (DOUBLED, "has more than 200000 characters"),
        (MANY, "has more than 200000 characters"),
        ("f() { f; f; }\nf", "functions call one another without an end"),
        ("X='eval $X'\neval $X", "more than 20 scripts inside one another"),
        ("echo " + "$(" * 100, "more than 40 nested parts"),
        ("{ " * 100, "more than 40 nested blocks"),
        ("python t.py " + "<" * 3, "has no file"),
    ],
    ids=lambda value: value[:20] if len(value) < 1000 else "long",
)
def test_what_is_broken_is_refused_with_its_line(text: str, said: str):
    with pytest.raises(GradatimError) as error:
        commands(text)
    assert said in str(error.value)
    assert str(error.value).startswith("line ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "python t.py " + "x" * 1_000_000,
        "python t.py " + "--a 1 " * 50_000,
        "X='" + "y " * 400_000 + "'\npython t.py $X",
        "".join(f"V{i}={i}\n" for i in range(30_000)) + "python t.py $V7",
        "python t.py \0 --lr 1",
        "python t.py \ue0001\ue001 \ue002",
        "python t.py --n $((" + "(" * 5_000 + "))" + ")" * 5_000,
        "python t.py --n $((9**9**9)) $((1/0)) ${X%" + "*" * 100 + "}",
        "\x0b\x85 \u3000 python t.py",
        "#" * 1_000_000,
        "",
    ],
    ids=range(11),
)
def test_what_is_long_or_odd_is_read_or_refused(text: str):
    with suppress(GradatimError):
        commands(text)


def test_nothing_is_run_or_opened(tmp_path):
    # The hook is set when all is imported; from then on no file is opened, no process started.
    code = f"""
import sys
from gradatim.peers.files import find
from gradatim.peers.found import Given
import difflib
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.split(".")[0] in
    ("open", "subprocess", "os", "socket", "shutil", "import") else None)
script = '''
X=$(rm -rf {tmp_path}/*)
`touch {tmp_path}/made`
eval "touch {tmp_path}/made"
source {tmp_path}/other.sh
cat > {tmp_path}/made <<END
$(touch {tmp_path}/made)
END
bash -c 'touch {tmp_path}/made'
python pretrain_gpt.py --lr 1e-3 --train-iters 100 --lr-decay-style cosine > {tmp_path}/made
'''
(found,) = find(script, name="x.sh")
assert found.read(Given()).schedule(0) == 1e-3
assert not seen, seen
"""
    (tmp_path / "kept").write_text("")
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=600)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
