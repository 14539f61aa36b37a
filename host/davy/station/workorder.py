"""The work order: a CSV of which serials may be given, in the order of its rows.

Columns `order,batch,serial_from,quantity`: GA26000001 and 250 are GA26000001 .. GA26000250.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from davy.errors import InputError

COLUMNS = ("order", "batch", "serial_from", "quantity")
MOST_QUANTITY = 1_000_000
_SERIAL = re.compile(r"(?=[A-Z0-9].{0,31}$)([A-Z0-9-]*?)([0-9]{1,12})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Order:
    """One row: `quantity` serials from `stem` + `first`, counted in `width` digits."""

    order: str
    batch: str
    stem: str
    first: int
    width: int
    quantity: int

    def serials(self) -> Iterator[str]:
        """In the order in which they are given."""
        return (f"{self.stem}{number:0{self.width}d}" for number in range(self.first, self.first + self.quantity))


def load_work_order(path: Path) -> tuple[Order, ...]:
    """The rows, checked: no serial stands in two of them. Raises InputError naming file, line and column."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(str(path), f"cannot be read: {said}", f"a CSV of {','.join(COLUMNS)}") from error
    rows = csv.reader(text.splitlines())
    header = [name.strip() for name in next(rows, [])]
    if header != list(COLUMNS):
        raise InputError(f"{path}:1", f"the columns are {','.join(header) or 'missing'}", ",".join(COLUMNS))
    orders: list[Order] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            order = _order([cell.strip() for cell in row], f"{path}:{rows.line_num}")
            _check_apart(order, orders, f"{path}:{rows.line_num}")
            orders.append(order)
    if not orders:
        raise InputError(str(path), "holds no order", "a row such as WO-118,2026-07,GA26000001,250")
    return tuple(orders)


def _order(row: list[str], where: str) -> Order:
    if len(row) != len(COLUMNS):
        raise InputError(where, f"has {len(row)} cells", ",".join(COLUMNS))
    order, batch, serial_from, quantity = row
    for column, name in (("order", order), ("batch", batch)):
        if not _NAME.fullmatch(name):
            raise InputError(f"{where}: {column}", f"{name!r} will not do", "1..32 letters, digits, '.', '_' or '-'")
    found = _SERIAL.fullmatch(serial_from)
    if not found:
        raise InputError(
            f"{where}: serial_from", f"{serial_from!r} will not do", "1..32 of A-Z, 0-9 and '-', with digits at the end"
        )
    if not re.fullmatch(r"[0-9]{1,7}", quantity) or not 1 <= int(quantity) <= MOST_QUANTITY:
        raise InputError(f"{where}: quantity", f"{quantity!r} will not do", f"a whole number from 1 to {MOST_QUANTITY}")
    stem, digits = found.groups()
    made = Order(order, batch, stem, int(digits), len(digits), int(quantity))
    if made.first + made.quantity > 10**made.width:
        room = 10**made.width - made.first
        raise InputError(
            f"{where}: quantity", f"{quantity} serials need more digits than {serial_from} has", f"1..{room}"
        )
    return made


def _check_apart(order: Order, before: list[Order], where: str) -> None:
    """Counting keeps the width, so two equal texts have the same stem and the same width."""
    for other in before:
        if (other.stem, other.width) == (order.stem, order.width):
            first = max(order.first, other.first)
            if first < min(order.first + order.quantity, other.first + other.quantity):
                raise InputError(
                    f"{where}: serial_from",
                    f"{order.stem}{first:0{order.width}d} stands in order {other.order} too",
                    f"start after {other.stem}{other.first + other.quantity - 1:0{other.width}d}",
                )
