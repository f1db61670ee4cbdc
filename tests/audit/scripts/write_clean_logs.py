"""Train with real trainers and keep the logs that they write: clean ones, each with its schedule.

    python tests/audit/scripts/write_clean_logs.py torch tests/audit/data
    python tests/audit/scripts/write_clean_logs.py keras tests/audit/data

The first argument is "torch" (transformers, Lightning, Ignite, plain loops) or "keras" (its own
process: it shares one with torch badly). The logs go to one folder for each trainer, and
``index_torch.json`` and ``index_keras.json`` say which schedule was driven.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

STEPS, WARMUP, PEAK = 120, 12, 1e-3
INDEX = []


def keep(out, trainer, name, made, plan, **known):
    folder = out / trainer
    folder.mkdir(parents=True, exist_ok=True)
    if made is not None:
        shutil.copy(made, folder / name)
    INDEX.append({"log": f"{trainer}/{name}", "plan": plan, "known": known})


# What transformers calls it, its arguments, and the same schedule here.
HF = {
    "linear": ({}, f"warmup_linear(peak={PEAK}, steps={STEPS}, warmup={WARMUP})"),
    "cosine": ({}, f"warmup_cosine(peak={PEAK}, steps={STEPS}, warmup={WARMUP})"),
    "constant": ({}, f"Constant(value={PEAK})"),
    "constant_with_warmup": ({}, f"warmup_constant(peak={PEAK}, warmup={WARMUP})"),
    "polynomial": (
        {"power": 2.0, "lr_end": 1e-6},
        f"warmup_polynomial(peak={PEAK}, steps={STEPS}, warmup={WARMUP}, power=2.0, floor=1e-6)",
    ),
    "inverse_sqrt": ({}, f"warmup_inverse_sqrt(peak={PEAK}, warmup={WARMUP})"),
    "cosine_with_min_lr": (
        {"min_lr": 1e-4},
        f"warmup_cosine(peak={PEAK}, steps={STEPS}, warmup={WARMUP}, floor=1e-4)",
    ),
    "warmup_stable_decay": (
        {"num_decay_steps": 24},
        f"wsd(peak={PEAK}, steps={STEPS}, warmup={WARMUP}, cooldown=24, shape='cosine')",
    ),
}
# Schedulers of torch, by name: how to make one, and the same schedule here.
TORCH = {
    "cosine": (
        lambda t, o: t.CosineAnnealingLR(o, STEPS, eta_min=1e-5),
        f"warmup_cosine(peak={PEAK}, steps={STEPS}, floor=1e-5)",
    ),
    "step": (lambda t, o: t.StepLR(o, 30, 0.5), f"step_decay({PEAK}, factor=0.5, every=30)"),
    "multistep": (
        lambda t, o: t.MultiStepLR(o, [41, 97]),
        f"multistep({PEAK}, boundaries=[41, 97])",
    ),
    "exponential": (
        lambda t, o: t.ExponentialLR(o, 0.97),
        f"ExponentialDecay(start={PEAK}, factor=0.97)",
    ),
    "linear": (
        lambda t, o: t.LinearLR(o, 1.0, 0.1, STEPS),
        f"warmup_linear(peak={PEAK}, steps={STEPS}, floor={PEAK * 0.1})",
    ),
    "restarts": (
        lambda t, o: t.CosineAnnealingWarmRestarts(o, 40),
        f"cosine_restarts({PEAK}, cycle=40)",
    ),
    "noam": (
        lambda t, o: t.LambdaLR(o, lambda s: min((s + 1) / 20, (20 / (s + 1)) ** 0.5)),
        f"warmup_inverse_sqrt({PEAK}, warmup=20).shift(-1)",
    ),
}


def transformers_logs(out):
    import torch
    import transformers

    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 4 * STEPS

        def __getitem__(self, i):
            return {"x": torch.ones(2) * (i % 7), "labels": torch.ones(1)}

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.line = torch.nn.Linear(2, 1)

        def forward(self, x, labels):
            return {"loss": ((self.line(x) - labels) ** 2).mean()}

    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_training_stop = state.global_step >= 70

    class Lines(transformers.TrainerCallback):
        def __init__(self, path):
            self.path = path

        def on_log(self, args, state, control, logs=None, **kwargs):
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**logs, "step": state.global_step}) + "\n")

    def train(kind, kwargs, folder, every, accumulate=1, callbacks=(), resume=False):
        args = transformers.TrainingArguments(
            str(folder),
            max_steps=STEPS,
            per_device_train_batch_size=2,
            learning_rate=PEAK,
            lr_scheduler_type=kind,
            lr_scheduler_kwargs=kwargs,
            warmup_steps=WARMUP,
            logging_steps=every,
            save_steps=50,
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            gradient_accumulation_steps=accumulate,
            save_only_model=False,
            seed=1,
        )
        trainer = transformers.Trainer(
            Model(), args, train_dataset=Data(), callbacks=list(callbacks)
        )
        trainer.train(resume_from_checkpoint=resume)
        trainer.state.save_to_json(str(folder / "trainer_state.json"))

    for kind, (kwargs, plan) in HF.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            train(kind, kwargs, folder / "a", 5)
            keep(out, "transformers", f"{kind}.json", folder / "a/trainer_state.json", plan)
            train(kind, kwargs, folder / "b", 7, accumulate=3)
            made = folder / "b/trainer_state.json"
            keep(out, "transformers", f"{kind}_accumulated.json", made, plan, accumulate=3)
            lines = folder / "lines.jsonl"
            train(kind, kwargs, folder / "c", 2, callbacks=[Stop(), Lines(lines)])
            train(kind, kwargs, folder / "c", 2, callbacks=[Lines(lines)], resume=True)
            keep(out, "transformers", f"{kind}_resumed.jsonl", lines, plan)
            made = folder / "c/trainer_state.json"
            keep(out, "transformers", f"{kind}_resumed.json", made, plan)


def lightning_logs(out):
    import lightning
    import torch
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger

    class Module(lightning.LightningModule):
        def __init__(self, make):
            super().__init__()
            self.make, self.line = make, torch.nn.Linear(2, 1)

        def training_step(self, batch, _):
            loss = self.line(batch).mean() ** 2
            self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            optimizer = torch.optim.AdamW(self.parameters(), lr=PEAK)
            scheduler = self.make(torch.optim.lr_scheduler, optimizer)
            return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

    def train(make, folder, steps, accumulate=1, checkpoint=None):
        trainer = lightning.Trainer(
            max_steps=steps,
            logger=CSVLogger(folder, version=0 if checkpoint is None else 1),
            log_every_n_steps=1,
            accumulate_grad_batches=accumulate,
            accelerator="cpu",
            callbacks=[LearningRateMonitor("step")],
            enable_progress_bar=False,
            enable_checkpointing=False,
            enable_model_summary=False,
        )
        data = torch.utils.data.DataLoader(torch.ones(2 * STEPS * accumulate, 2), batch_size=2)
        trainer.fit(Module(make), data, ckpt_path=checkpoint)
        trainer.save_checkpoint(folder / "last.ckpt")

    for name, (make, plan) in TORCH.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            train(make, folder / "a", STEPS)
            made = folder / "a/lightning_logs/version_0/metrics.csv"
            keep(out, "lightning", f"{name}.csv", made, plan)
            train(make, folder / "b", STEPS, accumulate=2)
            made = folder / "b/lightning_logs/version_0/metrics.csv"
            keep(out, "lightning", f"{name}_accumulated.csv", made, plan, accumulate=2)


def ignite_logs(out):
    import torch
    from ignite.engine import Engine, Events

    for name, (make, plan) in TORCH.items():
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=PEAK)
        scheduler = make(torch.optim.lr_scheduler, optimizer)

        def update(engine, batch, model=model, optimizer=optimizer, scheduler=scheduler):
            optimizer.zero_grad()
            loss = model(batch).mean() ** 2
            loss.backward()
            optimizer.step()
            scheduler.step()
            return loss.item()

        engine = Engine(update)
        rows = []

        @engine.on(Events.ITERATION_COMPLETED(every=3))
        def log(engine, rows=rows, optimizer=optimizer):
            rate = optimizer.param_groups[0]["lr"]
            rows.append({"iteration": engine.state.iteration, "lr": rate})

        engine.run([torch.ones(2, 2)] * 40, max_epochs=3)
        path = out / "ignite" / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        keep(out, "ignite", path.name, None, plan)


def loop_logs(out):
    """Loops as nanoGPT has one: the rate is written before the update, with three digits."""
    import torch

    for name, (make, plan) in TORCH.items():
        model = torch.nn.Linear(2, 1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK)
        scheduler = make(torch.optim.lr_scheduler, optimizer)
        lines = []
        for step in range(STEPS):
            loss = model(torch.ones(2, 2)).mean() ** 2
            loss.backward()
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            lines.append(f"iter {step}: loss {loss.item():.4f}, time 1.00ms, lr {rate:.2e}\n")
        path = out / "loop" / f"{name}.log"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(lines), encoding="utf-8")
        keep(out, "loop", path.name, None, plan)


def keras_logs(out):
    import keras
    import numpy as np
    import tensorflow as tf

    schedules = keras.optimizers.schedules
    made = {
        "cosine": (
            schedules.CosineDecay(1e-4, 100, alpha=0.1, warmup_target=PEAK, warmup_steps=20),
            f"warmup_cosine(peak={PEAK}, steps=120, warmup=20, start=1e-4, floor={PEAK * 0.1})",
        ),
        "exponential": (
            schedules.ExponentialDecay(PEAK, 30, 0.5, staircase=True),
            f"step_decay({PEAK}, factor=0.5, every=30)",
        ),
        "polynomial": (
            schedules.PolynomialDecay(PEAK, STEPS, 1e-5, power=2.0),
            f"warmup_polynomial(peak={PEAK}, steps={STEPS}, power=2.0, floor=1e-5)",
        ),
    }
    for name, (schedule, plan) in made.items():
        with tempfile.TemporaryDirectory() as temporary:
            model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            optimizer = keras.optimizers.SGD(schedule)
            model.compile(optimizer, "mse")

            class Rate(keras.callbacks.Callback):
                writer = tf.summary.create_file_writer(temporary)

                def on_train_batch_end(self, batch, logs=None, optimizer=optimizer):
                    step = int(optimizer.iterations)
                    rate = float(optimizer.learning_rate)
                    with self.writer.as_default():
                        tf.summary.write("train/learning_rate", tf.constant(rate), step)

                def on_epoch_end(self, epoch, logs=None, optimizer=optimizer):
                    logs["learning_rate"] = float(optimizer.learning_rate)

            rate, csv = Rate(), Path(temporary) / "log.csv"
            x = np.ones((10 * 4, 2), "float32")
            model.fit(
                x,
                x[:, :1],
                batch_size=4,
                epochs=STEPS // 10,
                verbose=0,
                callbacks=[rate, keras.callbacks.CSVLogger(str(csv))],
            )
            rate.writer.close()
            keep(out, "keras", f"{name}.csv", csv, plan, updates_per_epoch=10)
            (events,) = Path(temporary).glob("*.tfevents.*")
            keep(out, "keras", f"{name}.tfevents.1", events, plan)


def main(which, out):
    out.mkdir(parents=True, exist_ok=True)
    if which == "keras":
        keras_logs(out)
    else:
        for write in (transformers_logs, lightning_logs, ignite_logs, loop_logs):
            write(out)
    path = out / f"index_{which}.json"
    path.write_text(json.dumps(INDEX, indent=0) + "\n", encoding="utf-8")
    print(len(INDEX))


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    main(sys.argv[1], Path(sys.argv[2]).resolve())
