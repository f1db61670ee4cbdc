"""Settings files of other projects: one tree with lines, and nothing hostile gets through."""

import json
import math
import time
from typing import Any

import pytest

from gradatim import GradatimError
from gradatim.peers.found import Given
from gradatim.peers.settings import References, Setting, read_settings, sections

YAML = """\
base: &base
  lr: 1e-4
  steps: 1_000
run:
  <<: *base
  steps: 20
  when: 2024-01-02
  flag: yes
  octal: 010
  text: "1e-4"
  schedule: !new:speechbrain.nnet.schedulers.NoamScheduler
    lr_initial: !ref <lr>
  standard: !!float "0.5"
"""


def plain(setting: Setting) -> Any:
    if isinstance(setting.value, dict):
        return {key: plain(entry) for key, entry in setting.value.items()}
    return [plain(one) for one in setting.value] if isinstance(setting.value, list) else setting[0]


def test_yaml_is_read_with_lines_and_tags_and_nothing_is_constructed():
    run = read_settings(YAML, ".yaml").entries["run"]
    assert plain(run) == {
        "lr": 1e-4,
        "steps": 20,
        "when": "2024-01-02",
        "flag": "yes",
        "octal": "010",
        "text": "1e-4",
        "schedule": {"lr_initial": "<lr>"},
        "standard": 0.5,
    }
    assert run.line == 4
    assert run.entries["octal"].line == 9
    assert run.entries["schedule"].tag == "!new:speechbrain.nnet.schedulers.NoamScheduler"
    assert run.entries["schedule"].entries["lr_initial"] == Setting("<lr>", 12, "!ref")


def test_several_documents_are_a_list():
    assert plain(read_settings("a: 1\n---\nb: 2\n", ".yaml")) == [{"a": 1}, {"b": 2}]
    assert plain(read_settings("# nothing\n", ".yaml")) is None


def test_json_toml_and_ini_give_the_same_tree_with_lines():
    toml = '[optimizer]\nlr = 1e-4\n\n[optimizer.more]\nsteps = 20\nname = "x"\nday = 2024-01-02\n'
    more = {"steps": 20, "name": "x", "day": "2024-01-02"}
    wanted = {"optimizer": {"lr": 1e-4, "more": more}}
    found = read_settings(toml, ".toml")
    assert plain(found) == wanted
    assert found.entries["optimizer"].entries["more"].entries["steps"].line == 5
    found = read_settings(json.dumps(wanted, indent=1), ".json")
    assert plain(found) == wanted
    assert found.entries["optimizer"].entries["more"].entries["steps"].line == 5
    found = read_settings("# c\n[Optimizer]\nlr = 1e-4\nName: x\n", ".ini")
    assert plain(found) == {"DEFAULT": {}, "Optimizer": {"lr": 1e-4, "name": "x"}}
    assert found.entries["Optimizer"].entries["name"].line == 4


def test_json_of_megabytes_and_with_nan_is_read_in_time():
    log = [{"loss": math.nan, "step": i, "learning_rate": 1e-4} for i in range(40_000)]
    text = json.dumps({"max_steps": 40_000, "log_history": log}, indent=2)
    assert len(text) > 3_000_000
    found = read_settings(text, ".json")
    history = found.entries["log_history"].value
    assert isinstance(history, list)
    assert math.isnan(history[-1].entries["loss"].value)  # type: ignore[arg-type]
    assert history[-1].entries["step"].line == text.count("\n", 0, text.index('"step": 39999')) + 1


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "suffix", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", ".yaml", "line 3: the key 'a' comes twice"),
        ("a: [1, 2\nb: }", ".yaml", "this is not YAML"),
        ("a: &a [*a]", ".yaml", "line 1: *a has no anchor before it, or is inside of it"),
        ("a: *b", ".yaml", "*b has no anchor"),
        ("<<: 3", ".yaml", "<< must be a mapping or a list of mappings"),
        ("? [a, b]\n: 1\n", ".yaml", "a key must be a scalar"),
        (BOMB, ".yaml", "more than 1000000 entries"),
        ("[" * 100 + "]" * 100, ".yaml", "more than 64 levels"),
        ("[" * 10_000, ".yaml", "more than 64 levels"),
        ("[" * 100_000 + "]" * 100_000, ".json", "more than 32 levels"),
        ("a = " + "[" * 10_000 + "]" * 10_000, ".toml", "more than 32 levels"),
        ("a: \x00", ".yaml", "this is not YAML"),
        ('{"a": 1,\n "a": 2}', ".json", "line 2: the key 'a' comes twice"),
        ('{"a": 1', ".json", "expected ','"),
        ("a = 1\na = 2\n", ".toml", "line 2: this is not TOML"),
        ("[a]\nb = 1\nb = 2\n", ".ini", "line 3: the key 'b' comes twice"),
        ("b = 1\n", ".ini", "this is not INI"),
        ("x" * 9_000_000, ".yaml", "more than 8388608 characters"),
    ],
    ids=range(18),
)
def test_what_is_broken_or_hostile_is_one_sentence(text: str, suffix: str, said: str):
    begun = time.process_time()
    with pytest.raises(GradatimError) as error:
        read_settings(text, suffix)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert time.process_time() - begun < 20


def test_sections_are_found_once_though_an_alias_repeats_them():
    tree = read_settings("a: &a {b: {c: 1}}\nd: *a\ne: [{f: 1}]\n", ".yaml")
    assert [place for place, _ in sections(tree)] == [(), ("a",), ("a", "b"), ("e", "0")]


REFERENCES = """\
epochs: 80
warm: !ref <epochs> // 3
late: !ref <later> * 2
later: !ref <epochs> + 1
path: !ref <epochs>/save
deep: {inner: [3, 4]}
second: !ref <deep[inner][1]>
absent: !ref <nowhere> * 2
loop: !ref <loop>
negative: !ref -<epochs>
placeholder: !PLACEHOLDER
computed: !apply:os.getcwd
"""


def value(key: str, text: str = REFERENCES, **values: Any) -> Any:
    tree = read_settings(text, ".yaml")
    return References(tree, Given(values=values)).value(tree.entries[key], (key,))


def test_references_of_hyperpyyaml_are_followed():
    assert value("warm") == 26
    assert value("second") == 4
    assert value("path") == "80/save"
    assert value("absent", nowhere=4) == 8
    assert value("warm", epochs=30) == 10
    assert value("computed", computed=3) == 3
    assert value("negative") == "-80"  # text, as HyperPyYAML has it


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("late", "line 3: <later> is computed further down, in line 4"),
        ("absent", "nowhere is not set in the file. Write --set nowhere=VALUE."),
        ("loop", "loop refers to itself"),
        ("placeholder", "--set placeholder=VALUE"),
        ("computed", "--set computed=VALUE"),
    ],
)
def test_references_that_cannot_be_followed_are_named(key: str, said: str):
    with pytest.raises(GradatimError) as error:
        value(key)
    assert said in str(error.value)


def test_references_of_omegaconf_are_followed():
    text = (
        "a: {lr: 1e-4, n: [5]}\nb: ${a.lr}\nc: ${a.n[0]}ba\nd: ${oc.env:LR}\ne: ???\nf: ${a.${g}}\n"
    )
    assert value("b", text) == 1e-4
    assert value("c", text) == "5ba"
    assert value("d", text, **{"oc.env:LR": 0.5}) == 0.5
    for key, name in (("d", "oc.env:LR"), ("e", "e"), ("f", "g")):
        with pytest.raises(GradatimError, match=f"--set .*{name}"):
            value(key, text)
