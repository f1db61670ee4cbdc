"""DINO: the run of README.md that is called "boosting", a ViT-small on ImageNet with 16 GPUs."""

import argparse
from types import SimpleNamespace
from typing import Any

from original import Original

ADDRESS = "https://github.com/facebookresearch/dino"
COMMIT = "7c446df5b9f45747937fb0d72314eb9f7b66930a"
LICENCE = "Apache-2.0"
FILES = ("main_dino.py", "utils.py")

IMAGES, GPUS = 1_281_167, 16
ARGUMENTS = ["--epochs=300", "--teacher_temp=0.07", "--warmup_teacher_temp_epochs=30"]


def record(original: Original) -> dict[str, dict[str, Any]]:
    import numpy as np
    import torch
    from torch.utils.data import DataLoader, DistributedSampler

    main, utils = original.source("main_dino.py"), original.source("utils.py")
    inside: dict[str, Any] = {"np": np}
    utils.run(inside, "def bool_flag")
    utils.run(inside, "def cosine_scheduler")
    shared: dict[str, Any] = {
        "argparse": argparse,
        "np": np,
        "torch": torch,
        "nn": torch.nn,
        "torchvision_archs": [],
        "utils": SimpleNamespace(**inside, get_world_size=lambda: GPUS),
        "print": lambda *_: None,
    }
    main.run(shared, "def get_args_parser")
    listed, torch.hub.list = torch.hub.list, lambda *_: []
    args = shared["args"] = shared["get_args_parser"]().parse_args(ARGUMENTS)
    torch.hub.list = listed
    sampler = DistributedSampler(range(IMAGES), num_replicas=GPUS, rank=0)  # type: ignore[arg-type]
    shared["data_loader"] = DataLoader(
        range(IMAGES),  # type: ignore[arg-type]
        sampler=sampler,
        batch_size=args.batch_size_per_gpu,
        drop_last=True,
    )
    main.run(shared, "lr_schedule = ", "momentum_schedule = ")
    main.run(shared, "class DINOLoss")
    temperatures = (args.warmup_teacher_temp, args.teacher_temp, args.warmup_teacher_temp_epochs)
    loss = shared["DINOLoss"](8, 10, *temperatures, args.epochs)

    epoch = len(shared["data_loader"])
    curves = {
        "lr": shared["lr_schedule"],
        "weight_decay": shared["wd_schedule"],
        "teacher_momentum": shared["momentum_schedule"],
        "teacher_temperature": np.repeat(loss.teacher_temp_schedule, epoch),
    }
    origin = {"steps": len(curves["lr"]), "steps_per_epoch": epoch}
    return {"dino": {"origin": origin, "curves": curves}}
