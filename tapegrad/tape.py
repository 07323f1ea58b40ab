"""The program as a value: `Record` and `Tape`.

    tape    ::= record*                          record i may read records 0 .. i-1 only
    record  ::= primitive inputs params          one operation; its value lives beside the tape, in a Trace
    inputs  ::= index*                           indices of earlier records, by argument position
    params  ::= (name, static)*                  static facts: the value of a constant, the outcome of a guard

Two primitives start a program: ``input`` (an argument, with its name, and its shape if it is an array) and
``constant`` (a number or an array met on the way, with its value). A comparison is a record too: a guard, with its
outcome; and so is a look at the elements of an array, with what was seen.

A tape is immutable. It is a prefix of a growing buffer of columns that tapes share: ``append`` returns a
longer tape in O(1) amortised, and a second append to the same prefix copies it first, so neither disturbs
the other. Columns hold numbers and shared objects, never an object per record: the garbage collector
has nothing to scan, and nothing is freed recursively.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from threading import Lock
from types import NoneType
from typing import Final, TypeVar, cast, get_args, overload

import attrs
import numpy as np
import numpy.typing as npt

from tapegrad import text
from tapegrad.arrays import AnyArray, FrozenArray
from tapegrad.columns import Columns, constant, input_
from tapegrad.errors import TapeError, TapeFormatError
from tapegrad.kernels import CONSTANT, INPUT
from tapegrad.primitive import ARRAYS, Params, Primitive, lookup, operation
from tapegrad.source import Site
from tapegrad.text import Row
from tapegrad.typing import Static

__all__ = ["Arrays", "Record", "Tape", "check_record", "constant", "input_"]


def _same_bits(static: object) -> object:
    """A key under which floats are equal when their bits are: nan equals nan, 0.0 is not -0.0."""
    if isinstance(static, float):
        return ("float", static.hex())
    if isinstance(static, tuple):
        return tuple(_same_bits(item) for item in static)
    return (type(static).__name__, static)


Item = TypeVar("Item", bound=np.generic)

_APPENDING: Final = Lock()  # to a buffer that tapes share


@attrs.frozen
class Record:
    """One operation: what was done, to which earlier records, with which static facts, and where.

    ``where`` is no part of equality: the same program written elsewhere is the same program.

    >>> from tapegrad.tape import Record, Tape, input_
    >>> tape = Tape().append(Record(input_, (), (("name", "x"),)))
    >>> tape[0].static("name")
    'x'
    """

    primitive: Primitive
    inputs: tuple[int, ...] = ()
    params: Params = attrs.field(default=(), eq=_same_bits)
    where: Site | None = attrs.field(default=None, eq=False)

    def static(self, name: str, default: Static = None) -> Static:
        """The static fact called `name`."""
        return dict(self.params).get(name, default)


@attrs.frozen(eq=False)
class Arrays:
    """The columns of a tape as NumPy arrays, one entry for each record.

    They are read-only, and, where the core is compiled, the tape's own memory.
    """

    codes: npt.NDArray[np.int32]  # of the operations: see `tapegrad.primitive.operation`
    lefts: npt.NDArray[np.int32]  # the first input, -1 if there is none
    rights: npt.NDArray[np.int32]  # the second
    numbers: npt.NDArray[np.float64]  # what it gave when it was traced


class Tape(Sequence[Record]):
    """An immutable sequence of records: a straight-line program in the order it was recorded.

    A slice is a tuple of records; ``tape.prefix(n)`` is the tape of the first n.

    >>> from tapegrad.ops.arithmetic import multiply
    >>> x = Tape().append(Record(input_, (), (("name", "x"),)))
    >>> print(x.append(Record(multiply, (0, 0))))
    %0 = input    x
    %1 = multiply %0 %0
    """

    __slots__ = ("_columns", "_length")

    def __init__(self, records: Iterable[Record] = ()) -> None:
        columns = Columns()
        for length, record in enumerate(records):
            check_record(record, length)
            columns.write(record.primitive, record.inputs, record.params, record.where)
        self._columns = columns
        self._length = columns.length

    @classmethod
    def over(cls, columns: Columns, length: int) -> Tape:
        """The tape of the first `length` records of `columns`, which may go on growing behind it."""
        tape = cls.__new__(cls)
        tape._columns = columns
        tape._length = length
        return tape

    @property
    def columns(self) -> Columns:
        """The shared buffer, for interpreters; entries beyond ``len(tape)`` are not this tape's."""
        return self._columns

    @property
    def arrays(self) -> Arrays:
        """The tape for NumPy, to count, compare and search in.

        >>> from tapegrad import trace
        >>> trace(lambda x, y: x * y + x, 2.0, 3.0).tape.arrays.numbers
        array([2., 3., 6., 8.])
        """
        columns = self._columns
        return Arrays(
            _array(columns.codes, np.int32, self._length),
            _array(columns.lefts, np.int32, self._length),
            _array(columns.rights, np.int32, self._length),
            _array(columns.numbers, np.float64, self._length),
        )

    def append(self, record: Record) -> Tape:
        """A tape with one record more; this one stays as it is. Raises TapeError for an invalid record."""
        check_record(record, self._length)
        columns = self._columns
        with _APPENDING:
            if columns.length != self._length:  # somebody has appended to this prefix before
                columns = columns.copy(self._length)
            columns.write(record.primitive, record.inputs, record.params, record.where)
        return Tape.over(columns, self._length + 1)

    def prefix(self, length: int) -> Tape:
        """The tape of the first `length` records, sharing this one's buffer."""
        return Tape.over(self._columns, min(max(length, 0), self._length))

    def compact(self) -> Tape:
        """An equal tape whose buffer has no room to grow, for one that is kept."""
        return Tape.over(self._columns.copy(self._length), self._length)

    def check(self) -> Tape:
        """This tape, if every input precedes its use and every record is well formed; else TapeError."""
        for index, record in enumerate(self):
            check_record(record, index)
        return self

    def inputs(self) -> tuple[int, ...]:
        """The indices of the records that are arguments, in order."""
        return tuple(i for i, code in enumerate(self._columns.codes[: self._length]) if code == INPUT)

    def constants(self) -> dict[int, float | AnyArray]:
        """The numbers and arrays the program met on the way, by record index: closures, literals."""
        columns = self._columns
        found: dict[int, float | AnyArray] = {}
        for i, code in enumerate(columns.codes[: self._length]):
            if code == CONSTANT:
                value = columns.params_at(i)[0][1]
                found[i] = value.array if isinstance(value, FrozenArray) else cast(float, value)
        return found

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, index: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(self._length)))
        at = range(self._length)[index]  # Python's own rules for negative indices and errors
        columns = self._columns
        return Record(columns.primitive(at), columns.inputs(at), columns.params_at(at), columns.where(at))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Record]:
        return (self[i] for i in range(self._length))

    def _key(self) -> tuple[object, ...]:
        """What equality compares: the program, not where it was written."""
        columns, length = self._columns, self._length
        return (
            tuple(code % ARRAYS for code in columns.codes[:length]),
            tuple(columns.lefts[:length]),
            tuple(columns.rights[:length]),
            tuple(sorted((i, x) for i, x in columns.extras.items() if i < length)),
            tuple((i, _same_bits(params)) for i, params in enumerate(map(columns.params_at, range(length))) if params),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tape):
            return NotImplemented
        return self._length == other._length and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Callable[[Iterable[Record]], Tape], tuple[tuple[Record, ...]]]:
        return Tape, (tuple(self),)

    def _rows(self) -> list[Row]:
        return [Row(r.primitive.name, r.inputs, r.params, r.where) for r in self]

    @classmethod
    def _from_rows(cls, rows: Sequence[Row]) -> Tape:
        """The tape that `rows` describe. Raises TapeFormatError for an unknown operation or a bad record."""
        records: list[Record] = []
        for index, row in enumerate(rows):
            primitive = lookup(row.name)
            if primitive is None:
                msg = f"record {index} of the saved tape is a {row.name!r:.40}, which this tapegrad does not know"
                raise TapeFormatError(msg)
            records.append(Record(primitive, row.inputs, row.params, row.where))
        try:
            return cls(records)
        except TapeError as error:
            msg = f"the saved tape is not a program: {error}"
            raise TapeFormatError(msg) from None

    def to_json(self) -> str:
        """The tape as JSON text, which `from_json` reads back to an equal tape."""
        return text.to_json(self._rows())

    @classmethod
    def from_json(cls, saved: str) -> Tape:
        """The tape that `to_json` wrote. It is parsed and checked: TapeFormatError for anything else."""
        return cls._from_rows(text.from_json(saved))

    def to_text(self) -> str:
        """The tape in aligned columns, which `from_text` reads back to an equal tape.

        Every array is written out, however long; ``str(tape)`` is shorter.
        """
        return text.to_text(self._rows())

    @classmethod
    def from_text(cls, written: str) -> Tape:
        """The tape that `to_text` wrote, or a person. TapeFormatError for anything else."""
        return cls._from_rows(text.from_text(written))

    def __str__(self) -> str:
        """`to_text`, for reading only: a long array is shown by its dtype and shape, ``float64[20,30]``."""
        return text.to_text(self._rows(), brief=True)

    def __repr__(self) -> str:
        """One line, whatever the length: ``<Tape of 5 records: 2 input, 1 multiply, 1 sin, 1 add>``."""
        counts = Counter(operation(code).name for code in self._columns.codes[: self._length])
        listed = ", ".join(f"{count} {name}" for name, count in counts.most_common(6))
        more = ", ..." if len(counts) > 6 else ""
        return f"<Tape of {self._length} records{': ' if counts else ''}{listed}{more}>"

    def _repr_html_(self, most: int = 200) -> str:
        """A table for notebooks; a long tape shows its first `most` records."""
        rows = "".join(
            f"<tr><td>%{index}</td><td><code>{escape(text.describe(row))}</code></td>"
            f"<td>{escape(str(row.where or ''))}</td></tr>"
            for index, row in enumerate(self.prefix(most)._rows())
        )
        rest = f"<caption>{self._length - most} more records</caption>" if self._length > most else ""
        head = "<tr><th>record</th><th>operation</th><th>where</th></tr>"
        return f"<table>{rest}<thead>{head}</thead><tbody>{rows}</tbody></table>"


def _array(column: object, dtype: type[Item], length: int) -> npt.NDArray[Item]:
    """The first entries of a column, for reading."""
    entries = np.asarray(column, dtype)[:length]
    entries.flags.writeable = False
    return entries


def check_record(record: Record, length: int) -> None:
    """Raise TapeError unless `record` may stand at index `length` of a tape."""
    primitive, inputs = record.primitive, record.inputs
    fault = ""
    if primitive.arity is not None and len(inputs) != primitive.arity:
        fault = f"takes {primitive.arity} inputs, not {len(inputs)}"
    elif any(type(i) is not int for i in inputs):
        fault = f"reads {inputs}: inputs are indices of records"
    elif any(not 0 <= i < length for i in inputs):
        late = next(i for i in inputs if not 0 <= i < length)
        fault = f"reads record {late}, which does not stand before it"
    else:
        fault = _faulty_fact(dict(record.params), primitive.facts)
    if fault:
        msg = f"record {length}: {primitive.name} {fault}"
        raise TapeError(msg)


def _faulty_fact(stated: Mapping[str, Static], needed: Mapping[str, type]) -> str:
    """What is wrong with the static facts of a record; "" if they are those that its operation needs."""
    for name in stated.keys() - needed.keys():
        return f"has no parameter {name!r}"
    for name, kind in needed.items():
        if not isinstance(stated.get(name), kind):
            kinds = " or ".join(each.__name__ for each in get_args(kind) or (kind,) if each is not NoneType)
            return f"needs a {kinds} in its parameter {name!r}"
    return ""
