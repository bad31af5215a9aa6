"""Frozen values: dataclasses to whoever reads and checks the code, msgspec structs when it runs.

A struct is made, copied with changes, compared and written as JSON in C; an alarm from press to
closed makes and changes some hundred of them (docs/decisions/0014). `value` says the same as
`dataclass(frozen=True, slots=True)`, so a type checker sees every field of `replace` too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

__all__ = ["field_names", "is_value", "replace", "value"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    from dataclasses import dataclass as value
    from dataclasses import replace as replace
else:

    def value(*, frozen: bool) -> Callable[[type[_T]], type[_T]]:
        """Make a frozen value of a class with annotated fields, as `dataclass` reads them."""
        assert frozen, "a value never changes"
        return _struct

    def replace(of: _T, /, **changes: Any) -> _T:
        """A copy with other values in some fields. TypeError: there is no such field."""
        if isinstance(of, msgspec.Struct):
            return of.__replace__(**changes)
        return dataclasses.replace(of, **changes)


def is_value(of: object) -> bool:
    """Whether it has the fields that `field_names` names."""
    return isinstance(of, msgspec.Struct) or (
        dataclasses.is_dataclass(of) and not isinstance(of, type)
    )


def field_names(of: object) -> tuple[str, ...]:
    """The fields of a value, in their order."""
    if isinstance(of, msgspec.Struct):
        return of.__struct_fields__
    assert dataclasses.is_dataclass(of), "only values have fields"
    return tuple(field.name for field in dataclasses.fields(of))


def _struct(cls: type[_T]) -> type[_T]:
    body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
    hidden = []
    for name, default in tuple(body.items()):
        if isinstance(default, dataclasses.Field):
            body[name] = _default(default)
            if not default.repr:
                hidden.append(name)
            if body[name] is dataclasses.MISSING:
                del body[name]
    if hidden:
        body["__repr__"] = _repr_without(hidden)
    # As JSON it says what is not a default: half of a stored notice would be `null` and `""`.
    struct: type[_T] = msgspec.StructMeta(
        cls.__name__, (msgspec.Struct,), body, frozen=True, omit_defaults=True
    )  # type: ignore[assignment]
    return struct


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return msgspec.field(default_factory=field.default_factory)
    return field.default


def _repr_without(hidden: list[str]) -> Callable[[Any], str]:
    """A log line or a traceback never shows what somebody wrote, or a password."""

    def shown(of: Any) -> str:
        names = [name for name in of.__struct_fields__ if name not in hidden]
        return f"{type(of).__name__}({', '.join(f'{n}={getattr(of, n)!r}' for n in names)})"

    return shown
