"""What an attribute or an entry may stand for: of self, of a dictionary, of options, of a class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from gradatim.peers.python import names
from gradatim.peers.python.options import PARSED, Option
from gradatim.peers.python.part import Frame, Part
from gradatim.peers.python.reaching import reaching
from gradatim.peers.python.script import CallSite, Place, Scope
from gradatim.peers.syntax import called, dotted

_MAPPINGS = {
    "dict",
    "Namespace",
    "SimpleNamespace",
    "EasyDict",
    "edict",
    "AttrDict",
    "Munch",
    "Box",
    "ConfigDict",
    "DictConfig",
    "create",
    "OrderedDict",
    "Config",
    "vars",
    "asdict",
}
"""What makes of keywords, or of a dictionary, something with these entries."""
_FIELDS = {"field", "Field", "Option", "Argument"}
"""What holds the default of an attribute of a class, or of a parameter."""


def of_attribute(part: Part) -> Part | None:
    """What an attribute or an entry stands for, if that is known.

    Raises:
        Missing: If it may be several things.
    """
    node, text = part.node, dotted(part.node)
    assert isinstance(node, ast.Attribute | ast.Subscript)
    owner = part.place.scope.owner
    if text.startswith("self.") and owner is not None:
        found = names.of_self(part, text, owner)
        if found:
            return names.only(part, found)
        if isinstance(node.value, ast.Name) and isinstance(node, ast.Attribute):
            return _of_class(part, owner, node.attr, None)
        if text.startswith("self.hparams.") and isinstance(node, ast.Attribute):
            return _of_hyperparameters(part, owner, node.attr)
    assigned, certain = _assigned(part, text) if text else ([], False)
    if certain:
        return names.only(part, assigned)
    key = node.attr if isinstance(node, ast.Attribute) else _key(part, node.slice)
    original = None if key is None else _of_base(part, part.inner(node.value).resolved(), key)
    if not assigned:
        return original
    return names.only(part, [*assigned, *([original] if original is not None else [])])


def _assigned(part: Part, text: str) -> tuple[names.Options, bool]:
    """What ``args.lr = ...`` has set it to, in this scope or in another."""
    everywhere = part.world.assigned_anywhere(text)
    if not everywhere:
        return [], False

    here = [b for b in everywhere if b.place.scope is part.place.scope]
    found, certain = reaching(here, part.place, partial(names.holds, part))
    if not certain:
        found += [b for b in everywhere if b.place.scope is not part.place.scope]
    return [part.bound(binding) for binding in found], certain


def _key(part: Part, node: ast.expr) -> str | int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
        return node.value
    value = part.inner(node).known_or_none()
    return value if isinstance(value, str | int) else None


def _of_base(part: Part, base: Part, key: str | int) -> Part | None:
    """The entry or the attribute of what comes before it."""
    node = base.node
    match node:
        case ast.Dict():
            return entries(base).get(key)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if isinstance(key, int):
            return base.inner(parts[key]) if -len(parts) <= key < len(parts) else None
        case ast.Call():
            return _of_call(part, base, node, key)
        case ast.Name(id=name) if isinstance(key, str):
            classes = part.world.script.scopes.get(name, [])
            if len(classes) == 1 and classes[0].is_class:
                return _of_class(part, classes[0], key, None)
            return _of_annotation(part, base, name, key) or _of_option(part, key)
        case ast.Attribute() if isinstance(key, str) and isinstance(part.node, ast.Attribute):
            return _of_option(part, key)
    return None


def _of_call(part: Part, base: Part, node: ast.Call, key: str | int) -> Part | None:
    name = called(node)
    if name == "prepare" and isinstance(key, int) and key < len(node.args):
        return base.inner(node.args[key])  # of accelerate, which returns what it is given
    if name in PARSED:
        if name.startswith("parse_known") and key == 0 and isinstance(part.node, ast.Subscript):
            return base
        return _of_option(part, key) if isinstance(key, str) else None
    classes = [scope for scope in part.world.script.scopes.get(name, ()) if scope.is_class]
    if len(classes) == 1 and isinstance(key, str):
        return _of_class(part, classes[0], key, base)
    if name in _MAPPINGS and isinstance(key, str):
        inside = base.inner(node.args[0]).resolved() if len(node.args) == 1 else None
        for word in node.keywords:
            if word.arg == key:
                return base.inner(word.value)
        if inside is not None and name == "vars" and isinstance(inside.node, ast.Call):
            return _of_call(part, inside, inside.node, key)
        return entries(inside).get(key) if inside is not None else None
    return None


def entries(part: Part) -> dict[str | int, Part]:
    """The entries of a dictionary that is written out; later ones win."""
    found: dict[str | int, Part] = {}
    if isinstance(part.node, ast.Dict):
        for key, value in zip(part.node.keys, part.node.values, strict=True):
            if key is None:
                found |= entries(part.inner(value).resolved())
            elif (name := _key(part, key)) is not None:
                found[name] = part.inner(value)
    elif isinstance(part.node, ast.Call) and called(part.node) == "dict":
        if len(part.node.args) == 1:
            found |= entries(part.inner(part.node.args[0]).resolved())
        found |= {word.arg: part.inner(word.value) for word in part.node.keywords if word.arg}
    return found


def _of_option(part: Part, key: str) -> Part | None:
    """The default of an option of the command."""
    declared = part.world.options.get(key, [])
    values = [_default_of(part, option) for option in declared]
    found = names.only(part, list(values))
    if found is None or found.place is part.place:
        return found
    value = found.node
    if isinstance(value, ast.Constant) and value.value is None:
        found.unset = part.text()  # an option without a default; tests see None
    elif not isinstance(value, ast.Constant) or value.value is not None:
        part.world.say(part.text(), found.node, f"the file (line {found.line})")
    return found


def _default_of(part: Part, option: Option) -> Part:
    site = option.site
    value = option.default or ast.copy_location(ast.Constant(None), site.node)
    if option.type and isinstance(value, ast.Constant) and isinstance(value.value, str):
        function = ast.copy_location(ast.Name(option.type, ast.Load()), value)
        value = ast.copy_location(ast.Call(function, [value], []), value)
    return part.at(value, site.place)


def _of_annotation(part: Part, base: Part, name: str, key: str) -> Part | None:
    """The default of a class of the file, for a parameter that is annotated with it."""
    scope = base.place.scope
    if not isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    for argument in (*scope.node.args.args, *scope.node.args.kwonlyargs):
        if argument.arg == name and isinstance(argument.annotation, ast.Name):
            for owner in part.world.script.scopes.get(argument.annotation.id, ()):
                if owner.is_class:
                    return _of_class(part, owner, key, None)
    return None


def _of_hyperparameters(part: Part, owner: Scope, key: str) -> Part | None:
    """``self.hparams.lr`` is the parameter of ``__init__``."""
    for scope in _functions(part, owner, "__init__"):
        if key in names.parameters(scope):
            node = ast.copy_location(ast.Name(key, ast.Load()), part.node)
            return part.at(node, Place(scope, 0, ()))
    return None


def _functions(part: Part, owner: Scope, name: str) -> Iterator[Scope]:
    for scope in part.world.script.scopes.get(name, ()):
        if scope.parent is owner:
            yield scope


def _of_class(part: Part, owner: Scope, key: str, instance: Part | None) -> Part | None:
    """An attribute of a class of the file, or of one object of it."""
    part.world.count()
    if instance is not None and isinstance(instance.node, ast.Call):
        for scope in _functions(part, owner, "__init__"):
            site = CallSite(instance.node, instance.place)
            given = names.arguments(instance, scope, site, instance.frame)
            set_there = owner.bindings.get(f"self.{key}", ())
            if given is not None and len(set_there) == 1 and set_there[0].value is not None:
                frame = Frame(scope, given)
                return part.at(set_there[0].value, set_there[0].place, frame)
            return None
        fields = [name for name in owner.bindings if not name.startswith("self.")]
        given_there = dict(zip(fields, instance.node.args, strict=False))
        given_there |= {word.arg: word.value for word in instance.node.keywords if word.arg}
        if key in given_there:
            return instance.inner(given_there[key])
        if any(word.arg is None for word in instance.node.keywords):
            return None
    bindings = owner.bindings.get(key, [])
    found = names.only(part, [part.bound(binding) for binding in bindings])
    if found is not None:
        found = field_default(found)
        if found is not None:
            part.world.say(part.text(), found.node, f"{owner.name} (line {found.line})")
        return found
    if isinstance(owner.node, ast.ClassDef) and not bindings:
        for base in owner.node.bases:
            for parent in part.world.script.scopes.get(dotted(base).rpartition(".")[2], ()):
                if parent.is_class and parent is not owner:
                    return _of_class(part, parent, key, instance)
    return None


def field_default(part: Part) -> Part | None:
    """The default in ``field(default=3)``; anything else is its own."""
    if not isinstance(part.node, ast.Call) or called(part.node) not in _FIELDS:
        return part
    for word in part.node.keywords:
        if word.arg == "default":
            return part.inner(word.value)
        if word.arg == "default_factory" and isinstance(word.value, ast.Lambda):
            return part.inner(word.value.body)
    plain = called(part.node) in ("Field", "Option", "Argument") and part.node.args
    if plain and not (
        isinstance(part.node.args[0], ast.Constant) and part.node.args[0].value is ...
    ):
        return part.inner(part.node.args[0])
    return None
