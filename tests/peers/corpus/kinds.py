"""The kind of each query of QUERIES.md: of the first list, and of the second (h)."""

_QUERIES = {
    "torch, Python": ((1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 21, 23, 25)),
    "plateau, Python": ((8,), (5,)),
    "Lightning, Python": ((9,), ()),
    "own formula, Python": ((10, 11, 12), (6, 7)),
    "HF, Python": ((13, 14, 15), (8, 22)),
    "HF Trainer, Python": ((16, 17), (9, 24)),
    "HF Trainer, settings": ((18, 19, 42, 44), (10, 20)),
    "axolotl, YAML": ((20, 43), ()),
    "HF Trainer, shell": ((21,), (11,)),
    "Hydra, YAML": ((23,), ()),
    "DeepSpeed, JSON and Python": ((24, 25), (14,)),
    "SpeechBrain": ((26, 27, 41), (15, 19)),
    "llm-foundry, YAML": ((28, 45), ()),
    "mmengine, settings": ((29,), ()),
    "Megatron, shell": ((30, 31), (12, 13)),
    "timm, shell": ((32,), (16,)),
    "Keras, Python": ((33, 34, 35), (17, 26)),
    "Optax, Python": ((36,), (18,)),
    "Composer, Python": ((37,), ()),
    "own settings, Python": ((38,), ()),
}
KINDS = {
    f"{letter}{number:02}": kind
    for kind, lists in _QUERIES.items()
    for letter, numbers in zip("qh", lists, strict=True)
    for number in numbers
}
