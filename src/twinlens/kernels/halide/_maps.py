"""Maps read in between: shared by the kernels that are guided by a low-resolution map of the whole frame."""

import halide as hl


class MapReader:
    """Map rows (x, row, plane), widened to the pixels' columns, read at the rows y + top: `at(plane)` is the value.

    `first_row` of the whole map is the first row that is given.
    """

    def __init__(self, x, y):
        self.rows, self.first_row = hl.ImageParam(hl.Float(32), 3, "rows"), hl.Param(hl.Int(32), "first_row")
        self.top, self.rows_per_pixel = hl.Param(hl.Int(32), "top"), hl.Param(hl.Float(32), "rows_per_pixel")
        self.x, self.y = x, y

    @property
    def arguments(self):
        return [self.rows, self.first_row, self.top, self.rows_per_pixel]

    def at(self, plane):
        place = (hl.f32(self.y + self.top) + 0.5) * self.rows_per_pixel - 0.5
        last = self.rows.height() - 1
        first, t = knots(place, self.first_row, last)
        return mix(self.rows[self.x, first, plane], self.rows[self.x, hl.min(first + 1, last), plane], t)


def knots(place, start, last):
    """The cell before a place (counted from cell `start`, up to `last`), and how far it is from there to the next."""
    first = hl.clamp(hl.i32(hl.floor(place)) - start, 0, hl.max(last - 1, 0))
    return first, hl.clamp(place - hl.f32(first + start), 0.0, 1.0)


def mix(one, other, t):
    return one + t * (other - one)
