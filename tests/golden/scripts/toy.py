"""A toy task: the loss depends on nothing but the seed and the rates. Seed 3 diverges."""


def run(schedule, seed, updates=12):
    loss = 2.0 + seed / 8
    for step in range(updates):
        loss = loss - schedule(step) / (step + 2) if seed != 3 or step < 6 else float("nan")
        yield step, loss
    return {"loss": loss, "last rate": schedule(updates - 1)}
