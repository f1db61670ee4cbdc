"""What a run says that cannot be, and a length that it cannot resolve."""

import pytest

from tests.core.messages import message

RUNS = {
    "Run(batch=Table([(0, 2), (3, 4)], 'hold'), samples=9, epochs=2).samples_per_step": (
        "Run: the batch size changes during the run, so updates differ. Use "
        "run.samples_after(position)."
    ),
    "Run()": (
        "Run: give either steps, or samples, batch and epochs, or another length. Write "
        "Run(steps=10_000), Run(samples=50_000, batch=128, epochs=90), Run(total_tokens=1e9, "
        "batch=32, tokens_per_sample=1024) or Run(seconds=600)."
    ),
    "Run(steps=10, epochs=2)": (
        "Run: epochs and steps are each a length of the run. Give one of them."
    ),
    "Run(steps=10, seconds=60, total_tokens=5)": (
        "Run: steps and total_tokens and seconds are each a length of the run. Give one of them."
    ),
    "Run(steps=10, clock='time')": (
        "Run: steps is not a length for the clock 'time'. Write Run(seconds=600)."
    ),
    "Run(steps=10, clock='progress')": (
        "Run: steps is not a length for the clock 'progress'. Write Run(clock='progress')."
    ),
    "Run(epochs=2, samples=10, batch=2, clock='env_steps')": (
        "Run: epochs is not a length for the clock 'env_steps'. Write Run(clock='env_steps', "
        "total=...)."
    ),
    "Run(steps=10, total=10)": (
        "Run: steps and total are each a length of the run. Give one of them."
    ),
    "Run(total=10)": (
        "Run: total is the length of a run with a clock of your own, such as "
        "Run(clock='env_steps', total=1e6), got clock='updates'."
    ),
    "Run(total=10, clock='time')": (
        "Run: total is the length of a run with a clock of your own, such as "
        "Run(clock='env_steps', total=1e6), got clock='time'."
    ),
    "Run(seconds=5, clock='updates')": (
        "Run: seconds is the length of a run with the clock 'time', got clock='updates'. Leave "
        "clock out."
    ),
    "Run(clock='time')": "Run: the clock 'time' needs a length in seconds. Write seconds=600.",
    "Run(clock='env_steps')": (
        "Run: the clock 'env_steps' needs its total. Write Run(clock='env_steps', total=1e6)."
    ),
    "Run(clock='samples')": (
        "Run: give either steps, or samples, batch and epochs, or another length. Write "
        "Run(steps=10_000), Run(samples=50_000, batch=128, epochs=90), Run(total_tokens=1e9, "
        "batch=32, tokens_per_sample=1024) or Run(seconds=600)."
    ),
    "Run(clock='wall')": (
        "Run: clock must be 'updates', 'samples', 'tokens', 'time', 'progress', or the name of "
        "what is counted, such as 'env_steps', got 'wall'. Write clock='time'."
    ),
    "Run(clock='Epochs')": (
        "Run: clock must be 'updates', 'samples', 'tokens', 'time', 'progress', or the name of "
        "what is counted, such as 'env_steps', got 'Epochs'. Write clock='samples'."
    ),
    "Run(clock='tick')": (
        "Run: clock must be 'updates', 'samples', 'tokens', 'time', 'progress', or the name of "
        "what is counted, such as 'env_steps', got 'tick'."
    ),
    "Run(clock='a b')": (
        "Run: clock must be 'updates', 'samples', 'tokens', 'time', 'progress', or the name of "
        "what is counted, such as 'env_steps', got 'a b'."
    ),
    "Run(clock=5)": (
        "Run: clock must be 'updates', 'samples', 'tokens', 'time', 'progress', or the name of "
        "what is counted, such as 'env_steps', got 5."
    ),
    "Run(total_tokens=100, samples=5, batch=1, tokens_per_sample=8)": (
        "Run: total_tokens replaces samples and epochs. Leave samples out."
    ),
    "Run(total_tokens=100)": (
        "Run: total_tokens cannot be converted to updates without batch and tokens_per_sample. "
        "Give both, or write clock='tokens'."
    ),
    "Run(total_tokens=100, batch=4)": (
        "Run: total_tokens cannot be converted to updates without batch and tokens_per_sample. "
        "Give both, or write clock='tokens'."
    ),
    "Run(total_tokens=100, clock='samples')": (
        "Run: total_tokens cannot be converted to samples without tokens_per_sample. Give it, or "
        "write clock='tokens'."
    ),
    "Run(steps=10, clock='samples')": (
        "Run: steps cannot be converted to samples without batch. Give it, or write "
        "Run(samples=50_000, epochs=90, clock='samples')."
    ),
    "Run(steps=10, clock='tokens')": (
        "Run: steps cannot be converted to tokens without batch. Give it, or write "
        "Run(total_tokens=1e9, clock='tokens')."
    ),
    "Run(steps=10, batch=2, clock='tokens')": (
        "Run: the clock 'tokens' needs a number of tokens. Give tokens_per_sample, or total_tokens "
        "in place of samples and epochs."
    ),
    "Run(samples=10, epochs=2, clock='tokens')": (
        "Run: the clock 'tokens' needs a number of tokens. Give tokens_per_sample, or total_tokens "
        "in place of samples and epochs."
    ),
    "Run(steps=10, reserve=3)": "Run: reserve needs a length in seconds. Leave it out.",
    "Run(steps=10, start_after=3)": "Run: start_after needs a length in seconds. Leave it out.",
    "Run(seconds=0.0001)": "Run: seconds must be 0.001 or more, got 0.0001.",
    "Run(seconds=10, reserve=10)": "Run: reserve must be less than seconds, 10.0, got 10.0.",
    "Run(steps=10, batch=1.5)": (
        "Run: batch must be a whole number, 1 or more, or a schedule of them, got 1.5."
    ),
    "Run(steps=10, batch='x')": (
        "Run: batch must be a whole number, 1 or more, or a schedule of them, got 'x'."
    ),
    "Run(steps=10, batch=Linear(1.0, 2.0, 4))": (
        "Run: batch at step 1 must be a whole number, 1 or more, got 1.25. Write "
        "batch=schedule.rounded()."
    ),
    "Run(steps=10, accumulate=Linear(1.0, 3.5, 4), batch=2)": (
        "Run: accumulate at step 1 must be a whole number, 1 or more, got 1.625. Write "
        "accumulate=schedule.rounded()."
    ),
    "Run(steps=10**7, batch=Linear(1.0, 2.0, 10**7))": (
        "Run: batch=Linear(start=1.0, end=2.0, steps=10000000) may change at more than 100,000 "
        "steps. Write it in stages, such as batch=piecewise_constant(values=[...], "
        "boundaries=[...]), or in larger ones: batch=schedule.rounded(to=64)."
    ),
    "Run(samples=100, batch=64, epochs=1, processes=2, drop_last=True)": (
        "Run: batch must be at most 50 samples a process, got 64. With drop_last=True an epoch "
        "would have no batch."
    ),
    "Run(steps=10).batches": (
        "Run: the samples of an update are not known. Give samples, batch and epochs instead of "
        "steps, or batch in addition to steps."
    ),
    "Run(steps=10, batch=2).steps_per_epoch": (
        "Run: the samples of an epoch are not known. Give samples, batch and epochs instead of "
        "steps."
    ),
    "Run(seconds=5).in_updates": (
        "Run: the number of updates of a run with the clock 'time' is not known, and neither is a "
        "percentage of them. Write a whole number of updates."
    ),
    "Run(steps=10, batch=2).batch_at(-1)": (
        "Run.batch_at: position must be a whole number, 0 or more, got -1."
    ),
    "Run(steps=10, batch=2).samples_after(-1)": (
        "Run.samples_after: position must be a whole number, 0 or more, got -1."
    ),
    "Run(samples=10, batch=2, epochs=1).epoch_after(1.5)": (
        "Run.epoch_after: position must be a whole number, 0 or more, got 1.5."
    ),
    "Run(steps=10).samples_after(1)": (
        "Run: the samples of an update are not known. Give samples, batch and epochs instead of "
        "steps, or batch in addition to steps."
    ),
    "Run(steps=10).epoch_after(1)": (
        "Run: the samples of an epoch are not known. Give samples, batch and epochs instead of "
        "steps."
    ),
    "Run(samples=10, batch=2, epochs=2).position_after(1, Run(samples=12, batch=2, epochs=2))": (
        "Run: samples must be 12 as before, got 10. Only the batch may change in a run. To train "
        "for longer, extend the schedule."
    ),
    "Run(batch=Constant(8.5, 4) >> Constant(9.0), steps=10)": (
        "Run: batch at step 0 must be a whole number, 1 or more, got 8.5. Write "
        "batch=schedule.rounded()."
    ),
    "Run(batch=Constant(8.0, 4) >> Linear(8.0, 9.0, 200001), steps=10).batches": (
        "Run: batch=Linear(start=8.0, end=9.0, steps=200001) may change at more than 100,000 "
        "steps. Write it in stages, such as batch=piecewise_constant(values=[...], "
        "boundaries=[...]), or in larger ones: batch=schedule.rounded(to=64)."
    ),
    "warmup_cosine(1.0, steps=100, warmup='5 bananas')": (
        'warmup_cosine: warmup must be like 500, "5%", "2 epochs", "300k samples", "1e9 tokens" or '
        "\"90 s\", got '5 bananas'."
    ),
    "extend(Linear(1.0, 0.0, 10), at=10, steps=5)": (
        "extend: steps must be more than at, 10, got 5. It is the whole run, not the rest."
    ),
    "rewarm(Linear(1.0, 0.0, 10), at=10, steps=10, peak=1.0)": (
        "rewarm: steps must be more than at, 10, got 10. It is the whole run, not the rest."
    ),
    "cooldown(Linear(1.0, 0.0, 10), at=10, updates=5)": (
        "cooldown: the schedule is at 0.0 there already, as at its end, and would stay there. Go "
        "on from a checkpoint where it is higher, or write rewarm(...)."
    ),
    "batch_stages('0:8,100:12', per=8)": (
        "batch_stages: per must be a divisor of every batch, such as 12, got 8."
    ),
    "one_cycle(1.0, steps=100, start=2.0, floor=0.5)": (
        "one_cycle: floor must be at least peak, 1.0, where start is above it, got 0.5. Write "
        "floor=2.0."
    ),
}

LENGTHS = {
    "Run(steps=10).resolve('5 lightyears')": (
        'Run.resolve: length must be like 500, "5%", "2 epochs", "300k samples", "1e9 tokens" or '
        "\"90 s\", got '5 lightyears'."
    ),
    "Run(steps=10).resolve('120%')": "Run.resolve: length must be at most 100%, got '120%'.",
    "Run(steps=10).resolve('2 epochs')": (
        "Run: the samples of an epoch are not known. Give samples, batch and epochs instead of "
        "steps."
    ),
    "Run(steps=10).resolve('20 samples')": (
        "Run: the samples of an update are not known. Give samples, batch and epochs instead of "
        "steps, or batch in addition to steps."
    ),
    "Run(steps=10, batch=2).resolve('20 tokens')": (
        "Run: the tokens of a sample are not known. Give Run(..., tokens_per_sample=...)."
    ),
    "Run(steps=10).resolve('90 s')": (
        "Run.resolve: length='90 s' cannot be converted to updates, the ticks of the run. Write "
        "500 or '5%'."
    ),
    "Run(seconds=60).resolve(5)": (
        "Run.resolve: length=5 has no unit, and the clock of the run is 'time'. Write '90 s' or "
        "'5%'."
    ),
    "Run(seconds=60).resolve('5 updates')": (
        "Run.resolve: length='5 updates' cannot be converted to milliseconds, the ticks of the "
        "run. Write '90 s' or '5%', or by_updates(...) around a schedule that follows the updates."
    ),
    "Run(seconds=60).resolve('5 epochs')": (
        "Run.resolve: length='5 epochs' cannot be converted to milliseconds, the ticks of the run. "
        "Write '90 s' or '5%'."
    ),
    "Run(seconds=60).resolve('5 fortnights')": (
        "Run.resolve: length must be like '90 s' or '5%', got '5 fortnights'."
    ),
    "Run(clock='env_steps', total=100).resolve('5 epochs')": (
        "Run.resolve: length='5 epochs' cannot be converted to env_steps, the ticks of the run. "
        "Write '20k env_steps' or '5%'."
    ),
    "Run(clock='env_steps', total=100).resolve(7)": (
        "Run.resolve: length=7 has no unit, and the clock of the run is 'env_steps'. Write '20k "
        "env_steps' or '5%'."
    ),
    "Run(clock='env_steps', total=100).resolve('7 foos')": (
        "Run.resolve: length must be like '20k env_steps' or '5%', got '7 foos'."
    ),
    "Run(clock='progress').resolve('7 updates')": (
        "Run.resolve: length='7 updates' cannot be converted to millionths, the ticks of the run. "
        "Write '5%', or by_updates(...) around a schedule that follows the updates."
    ),
    "Run(clock='progress').resolve(7)": (
        "Run.resolve: length=7 has no unit, and the clock of the run is 'progress'. Write '5%'."
    ),
    "Run(samples=100, epochs=2, clock='samples').resolve('5 updates')": (
        "Run.resolve: length='5 updates' cannot be converted to samples, the ticks of the run. "
        "Write '300k samples' or '5%', or by_updates(...) around a schedule that follows the "
        "updates."
    ),
    "Run(samples=100, epochs=2, clock='samples').resolve('5 tokens')": (
        "Run: the tokens of a sample are not known. Give Run(..., tokens_per_sample=...)."
    ),
    "Run(total_tokens=100, clock='tokens').resolve('5 samples')": (
        "Run: the tokens of a sample are not known. Give Run(..., tokens_per_sample=...)."
    ),
    "Run(steps=10).resolve(0.05)": (
        "Run.resolve: length must be a whole number of updates, 0 or more, or a share of the run, "
        "got 0.05. For a fraction of the run, write '5%'."
    ),
    "Run(steps=10).resolve(-1)": (
        "Run.resolve: length must be a whole number of updates, 0 or more, or a share of the run, "
        "got -1."
    ),
    "Run(steps=10).resolve(None)": (
        "Run.resolve: length must be a whole number of updates, 0 or more, or a share of the run, "
        "got None."
    ),
    "warmup_constant(1.0, warmup='90 s')": (
        "warmup_constant: warmup='90 s' needs a run with the clock 'time'. Give steps=run, with "
        "run = Run(seconds=...)."
    ),
    "warmup_constant(1.0, warmup='5 fortnights')": (
        'warmup_constant: warmup must be like 500, "5%", "2 epochs", "300k samples", "1e9 tokens" '
        "or \"90 s\", got '5 fortnights'."
    ),
    "warmup_cosine(1.0, steps=100, warmup=5, floor='120%')": (
        "warmup_cosine: floor must be at most 100%, got '120%'."
    ),
    "warmup_cosine(1.0, steps=100, warmup=5, floor=2)": (
        "warmup_cosine: floor must be at most peak, 1.0, got 2.0."
    ),
    "warmup_cosine(0.1, steps=100, warmup=5, floor=0.5)": (
        "warmup_cosine: floor must be at most peak, 0.1, got 0.5. For a share of it, write "
        "floor='50%'."
    ),
    "warmup_cosine(1.0, steps=100, warmup=5, floor='5 updates')": (
        "warmup_cosine: floor must be a finite number, or a share of the peak such as '10%', got "
        "'5 updates'."
    ),
    "warmup_cosine(1.0, 100)": (
        "warmup_cosine: only peak may be positional. Write warmup_cosine(1.0, steps=100, ...)."
    ),
    "warmup_cosine(peak=1.0)": (
        "warmup_cosine: missing a required argument: 'steps'. It takes warmup_cosine(peak, steps, "
        "warmup=0, start=0.0, hold=0, floor=0.0, first='start', last='step')."
    ),
    "warmup_cosine(1.0, steps=100, warmup=0.1)": (
        "warmup_cosine: warmup must be a whole number of updates, 0 or more, or a share of the "
        "run, got 0.1. For a fraction of the run, write '10%'."
    ),
}


@pytest.mark.parametrize("written", RUNS | LENGTHS)
def test_a_wrong_run_or_length_gets_its_sentence(written: str):
    assert message(written) == (RUNS | LENGTHS)[written]
