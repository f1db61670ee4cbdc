"""The kind of each query of QUERIES.md."""

_QUERIES = {
    "torch, Python": (1, 2, 3, 4, 5, 6, 7),
    "plateau, Python": (8,),
    "Lightning, Python": (9,),
    "own formula, Python": (10, 11, 12),
    "HF, Python": (13, 14, 15),
    "HF Trainer, Python": (16, 17),
    "HF Trainer, settings": (18, 19, 42, 44),
    "axolotl, YAML": (20, 43),
    "HF Trainer, shell": (21,),
    "Hydra, YAML": (23,),
    "DeepSpeed, JSON and Python": (24, 25),
    "SpeechBrain": (26, 27, 41),
    "llm-foundry, YAML": (28, 45),
    "mmengine, settings": (29,),
    "Megatron, shell": (30, 31),
    "timm, shell": (32,),
    "Keras, Python": (33, 34, 35),
    "Optax, Python": (36,),
    "Composer, Python": (37,),
    "own settings, Python": (38,),
}
KINDS = {f"q{number:02}": kind for kind, numbers in _QUERIES.items() for number in numbers}
