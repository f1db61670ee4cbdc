"""What the scheduler takes, and what to write instead."""

import pytest

from tests.torch.messages import message

MESSAGES = {
    "Scheduler(5, lr=1.0)": "Scheduler: optimizer must be a torch optimizer, got 5.",
    'Scheduler("adam", lr=1.0)': "Scheduler: optimizer must be a torch optimizer, got 'adam'.",
    "Scheduler([], lr=1.0)": (
        "Scheduler: optimizer must be an optimizer, or several in a mapping, got []."
    ),
    "Scheduler({}, lr=1.0)": (
        "Scheduler: optimizer must be an optimizer, or several in a mapping, got {}."
    ),
    'Scheduler({"a/b": sgd()}, lr=1.0)': (
        "Scheduler: an optimizer's name must be a string without any of / * ? [, got 'a/b'."
    ),
    'Scheduler({"": sgd()}, lr=1.0)': (
        "Scheduler: an optimizer's name must be a string without any of / * ? [, got ''."
    ),
    'Scheduler({"a*": sgd()}, lr=1.0)': (
        "Scheduler: an optimizer's name must be a string without any of / * ? [, got 'a*'."
    ),
    "Scheduler({1: sgd()}, lr=1.0)": (
        "Scheduler: an optimizer's name must be a string without any of / * ? [, got 1."
    ),
    '(one := sgd()) and Scheduler({"a": one, "b": one}, lr=1.0)': (
        "Scheduler: the optimizers 'a' and 'b' share a parameter group, so one would overwrite the "
        "other's values. Give each its own groups."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr=1.0, update="c")': (
        "Scheduler: unknown optimizer for update 'c'. Known: a, b."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr=1.0).optimizer': (
        "Scheduler: optimizer is not one, this scheduler drives 'a', 'b'. Write "
        "scheduler.optimizers[name]."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr=[1.0])': (
        "Scheduler: lr must be 2 schedules, one per optimizer, got [1.0]."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr={5: 1.0})': (
        "Scheduler: unknown optimizer of lr 5. Known: a, b."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr={"c": 1.0})': (
        "Scheduler: no schedule of lr is for group 'a/0'; there are c. Add one for it, or one for "
        "'*'. To leave that optimizer alone, write 'a': None."
    ),
    'Scheduler({"a": sgd(), "b": sgd()}, lr={"a": 1.0})': (
        "Scheduler: no schedule of lr is for group 'b/0'; there are a. Add one for it, or one for "
        "'*'. To leave that optimizer alone, write 'b': None."
    ),
    "Scheduler(sgd())": "Scheduler: nothing to drive. Write lr=..., a schedule.",
    "from_torch(Scheduler(sgd(), lr=1.0))": (
        "from_torch: this is a Scheduler of gradatim already. Use it as it is."
    ),
    "from_torch(torch.optim.lr_scheduler.StepLR(sgd(), 3), every=0)": (
        "from_torch: every must be a whole number, 1 or more, got 0."
    ),
    "Scheduler(sgd(torch.tensor(1)), lr=1.0)": (
        "Scheduler: what the optimizer holds as lr must be a tensor of floats, since a tensor of "
        "integers would round every value down, got tensor(1). Write lr=torch.tensor(1.0) when "
        "building the optimizer."
    ),
    "Scheduler(sgd(), lr={})": (
        "Scheduler: lr must be a mapping with at least one schedule, got {}."
    ),
    "Scheduler(sgd(), lr={0: None})": "Scheduler: every group is left alone, so nothing is driven.",
    'Scheduler(sgd(), lr="x")': (
        "Scheduler: lr must be a schedule or a number that stays, a list of them, or a mapping "
        "from groups, got 'x'. Write lr=gradatim.parse(...) for the text of a schedule."
    ),
    'Scheduler(sgd(), lr="plan.yaml")': (
        "Scheduler: lr must be a schedule or a number that stays, a list of them, or a mapping "
        "from groups, got 'plan.yaml'. Write plan='plan.yaml' for a plan file."
    ),
    "Scheduler(sgd(), lr=True)": (
        "Scheduler: lr must be a schedule or a number that stays, a list of them, or a mapping "
        "from groups, got True."
    ),
    "Scheduler(sgd(), lr=len)": (
        "Scheduler: lr must be a schedule or a number that stays, a list of them, or a mapping "
        "from groups, got <built-in function len>. Write gradatim.Function(function) for a "
        "function of the step."
    ),
    "Scheduler(sgd(), lr=1e999)": "Scheduler: lr must be a finite number, got inf.",
    "Scheduler(sgd(), lr={0: -1e999})": "Scheduler: lr[0] must be a finite number, got -inf.",
    'Scheduler(sgd(), lr={0: "x"})': (
        "Scheduler: lr[0] must be a schedule or a number that stays, got 'x'. Write "
        "lr=gradatim.parse(...) for the text of a schedule."
    ),
    "Scheduler(sgd(), lr=[])": "Scheduler: lr must be 1 schedules, one per group, got [].",
    "Scheduler(sgd(0.1, 0.1), lr=[1.0])": (
        "Scheduler: lr must be 2 schedules, one per group, got [1.0]."
    ),
    "Scheduler(sgd(), lr={1.5: 1.0})": (
        "Scheduler: a group of lr must be a name or an index, got 1.5."
    ),
    "Scheduler(sgd(), lr={True: 1.0})": (
        "Scheduler: a group of lr must be a name or an index, got True."
    ),
    'Scheduler(sgd(), lr={0: 1.0, "0": 2.0})': (
        "Scheduler: lr must be a mapping that has group 0 once, got {0: 1.0, '0': 2.0}."
    ),
    'Scheduler(sgd(), lr={"lr": 1.0})': (
        "Scheduler: the keys of lr={...} are groups, and no group is named 'lr'. A mapping from "
        "values is given as Scheduler(optimizer, **mapping)."
    ),
    'Scheduler(sgd(a=0.1, b=0.1), lr={"a": 1.0})': (
        "Scheduler: no schedule of lr is for group 'b'; there are a. Add one for it, or one for "
        "'*'."
    ),
    'Scheduler(sgd(a=0.1, b=0.1), lr={"a": 1.0, "b": 1.0, "c": 1.0})': (
        "Scheduler: unknown group of lr 'c'. Known: a, b. For a group that is added later, write "
        "'c*'."
    ),
    'Scheduler(sgd(aa=0.1), lr={"a*": 1.0, "*a": 1.0})': (
        "Scheduler: the patterns 'a*' and '*a' of lr both match group 'aa', and neither is more "
        "specific. Give the group a schedule under its own name."
    ),
    "Scheduler(sgd(), lr=1.0, wd=0.5)": "Scheduler: torch has no wd. Write weight_decay=...",
    "Scheduler(sgd(), lr=1.0, decay=0.5)": (
        "Scheduler: unknown value 'decay'. Known: dampening, lr, momentum, weight_decay."
    ),
    'Scheduler(sgd(), lr=1.0, **{"betas[": 0.5})': (
        'Scheduler: a value\'s name must be like "lr" or "betas[0]", got \'betas[\'.'
    ),
    "Scheduler(adam(), lr=1.0, betas=0.5)": (
        "Scheduler: betas is a tuple of 2 numbers; a schedule drives one of them. Write "
        "**{'betas[0]': ...} or **{'betas[1]': ...}."
    ),
    'Scheduler(adam(), lr=1.0, **{"betas[2]": 0.5})': (
        "Scheduler: unknown value 'betas[2]'. Did you mean 'betas[1]'? Known: betas[0], betas[1], "
        "eps, lr, weight_decay."
    ),
    "Scheduler(adam(), lr=1.0, amsgrad=0.5)": (
        "Scheduler: what the optimizer holds as amsgrad must be a number, got False."
    ),
    "Scheduler(adam(), lr=1.0, beta1=0.5)": (
        "Scheduler: unknown value 'beta1'. Did you mean 'betas[1]'? Known: betas[0], betas[1], "
        "eps, lr, weight_decay."
    ),
    'Scheduler(sgd(), lr=1.0, on_mismatch="x")': (
        "Scheduler: unknown on_mismatch 'x'. Known: extend, keep, override, rescale, same-past, "
        "strict."
    ),
    'Scheduler(sgd(), lr=1.0, plan=Plan({"lr": 1.0}))': (
        "Scheduler: a plan has its schedules, rules and run already; leave lr out."
    ),
    'Scheduler(sgd(), plan=Plan({"lr": 1.0}), rule=Plateau(mode="min"), run=Run(steps=5))': (
        "Scheduler: a plan has its schedules, rules and run already; leave rule, run out."
    ),
    "Scheduler(sgd(), plan=5)": (
        "Scheduler: plan must be a Plan, the path of a plan file, or a mapping of schedules, got "
        '5. Write {"lr": schedule}.'
    ),
    "Scheduler(sgd(), lr=1.0, rule=5)": (
        'Scheduler: rule must be a rule, or a mapping from values such as "lr" to rules, got 5. '
        "Write rule=Plateau(mode='min')."
    ),
    "Scheduler(sgd(), lr=1.0, run=5)": (
        "Scheduler: run must be a Run, got 5. Write Run(samples=..., batch=..., ...)."
    ),
    "Scheduler(sgd(), lr=1.0, external=5)": (
        "Scheduler: external must be a mapping from names to schedules, got 5. Write "
        'external={"kl": schedule}.'
    ),
    'Scheduler(sgd(), lr=1.0, external={"lr": 1.0})': (
        "Scheduler: lr is driven in the optimizer already; give the external value another name."
    ),
    'Scheduler(sgd(), lr=1.0, setters={"kl": print})': (
        "setters: unknown value to set 'kl'. Known: lr."
    ),
    "Scheduler(sgd(), lr=1.0, now=5)": (
        "Scheduler: now must be a function without arguments that gives seconds, got 5."
    ),
    "Scheduler(sgd(), lr=relative(1.0))": "relative: schedule must be a schedule, got 1.0.",
    "relative(Constant(1.0), base=0)": "relative: base must be a finite number above 0, got 0.",
    'relative(Constant(1.0), base="x")': "relative: base must be a finite number above 0, got 'x'.",
    "Scheduler(sgd(), lr=1.0).step(5)": (
        "Scheduler.step: epoch must be left out, got 5. A metric goes to "
        "scheduler.observe(metric); updates count by themselves."
    ),
    "Scheduler(sgd(), lr=1.0).step(metric=5)": (
        "Scheduler.step: metric must be left out, got 5. A metric goes to "
        "scheduler.observe(metric); updates count by themselves."
    ),
    "Scheduler(sgd(), lr=1.0).step_update()": (
        "Scheduler.step_update: updates count by themselves. In the loop of timm's train.py, set "
        "lr_scheduler = None once this scheduler is built; a metric goes to "
        "scheduler.observe(metric)."
    ),
    "Scheduler(sgd(), lr=1.0).retract()": (
        "retract: no update has been counted since the start of the run, the last load or the last "
        "retract()."
    ),
    'Scheduler(sgd(), lr=1.0).released("momentum").__enter__()': (
        "released: unknown value 'momentum'. Known: lr."
    ),
    "Scheduler(sgd(), lr=1.0).observe(1.0)": (
        "observe: there is no rule to show the metric to. Give one when building: "
        "rule=Plateau(mode='min')."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe("x")': (
        "Scheduler.observe: metric must be a number, got 'x'. Write float(metric)."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(torch.zeros(2))': (
        "Scheduler.observe: metric must be one number, got tensor([0., 0.])."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(None)': (
        "Scheduler.observe: metric must be a number, got None. None is for a rank without a "
        "metric, where others have one."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(1.0, timeout=0)': (
        "Scheduler.observe: timeout must be a number of seconds above 0, got 0."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(1.0, timeout="x")': (
        "Scheduler.observe: timeout must be a number of seconds above 0, got 'x'."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(float("nan"))': (
        "Plateau: metric must be finite, got nan. A diverged run is not a plateau. To continue "
        "anyway, write nan='ignore' (the evaluation is ignored) or nan='worse' (counts as no "
        "improvement)."
    ),
    'Scheduler(sgd(), lr=1.0, rule=Plateau(mode="min")).observe(1.0, "momentum")': (
        "observe: unknown rule 'momentum'. Known: lr."
    ),
    "Scheduler(sgd(), lr=1.0).__copy__()": (
        "Scheduler: a shallow copy would drive the same optimizer twice. Copy both: "
        "copy.deepcopy((optimizer, scheduler))."
    ),
    'Scheduler(sgd(), lr=1.0).value("kl")': "value: unknown value 'kl'. Known: lr.",
    "Scheduler(sgd(), lr=1.0).seek(-1)": (
        "seek: position must be a whole number, 0 or more, got -1."
    ),
    'Scheduler(sgd(), lr=1.0).history("wd")': "history: unknown target 'wd'. Known: lr.",
    "Scheduler(sgd(), lr=1.0).load_state_dict(5)": (
        "load: state must be what state_dict() gave: it has a 'format', got 5. To go on at a "
        "position that you know, write scheduler.seek(position)."
    ),
    "Scheduler(sgd(), lr=1.0).count(tokens=5)": (
        "count: tokens cannot be counted, the clock of this run is in updates. For a clock in "
        'tokens, write Run(..., clock="tokens").'
    ),
    "Scheduler(sgd(), lr=1.0).remaining": (
        "done: the length of the run is not known. Give run=Run(steps=...) when building."
    ),
    'Scheduler(sgd(), lr=1.0).tensor("kl")': "value: unknown value 'kl'. Known: lr.",
    "(one := sgd()) and (Scheduler(one, lr=1.0), Scheduler(one, lr=1.0))": (
        "Scheduler: lr of this optimizer is driven by another scheduler. Call its detach() first, "
        "write one Scheduler with all schedules, or build the optimizer anew."
    ),
    "Scheduler(torch.nn.Linear(1, 1), lr=1.0)": (
        "Scheduler: optimizer must be a torch optimizer, got Linear(in_features=1, out_features=1, "
        "bias=True)."
    ),
}


@pytest.mark.parametrize("written", MESSAGES)
def test_a_wrong_argument_gets_its_sentence(written: str):
    assert message(written) == MESSAGES[written]
