"""Maps read in between: shared by the kernels that are guided by a low-resolution map of the whole frame."""

import halide as hl

STRIP = 8  # rows between which a map is read linearly


class MapReader:
    """A map (x, y, plane) read at the pixels (x + left, y + top) of a frame: `at(plane)` is its value at (x, y).

    Down the columns of the map first, at every STRIP-th row of the frame; then across; then linearly between these
    rows.
    """

    def __init__(self, x, y, planes):
        self.map = hl.ImageParam(hl.Float(32), 3, "map")
        self.top, self.left = hl.Param(hl.Int(32), "top"), hl.Param(hl.Int(32), "left")
        self.rows_per_pixel = hl.Param(hl.Float(32), "rows_per_pixel")
        self.columns_per_pixel = hl.Param(hl.Float(32), "columns_per_pixel")
        self.planes = planes
        i, j, c = hl.vars("i j c")
        self.down, self.across = hl.Func("down"), hl.Func("across")
        row = (hl.f32((self.top // STRIP + j) * STRIP) + 0.5) * self.rows_per_pixel - 0.5
        first, t = knots(row, self.map.height())
        self.down[i, j, c] = mix(self.map[i, first, c], self.map[i, hl.min(first + 1, self.map.height() - 1), c], t)
        first, t = knots((hl.f32(x + self.left) + 0.5) * self.columns_per_pixel - 0.5, self.map.width())
        second = hl.min(first + 1, self.map.width() - 1)
        self.across[x, j, c] = mix(self.down[first, j, c], self.down[second, j, c], t)
        phase = y + self.top % STRIP
        self._strip, self._t, self._x = phase // STRIP, hl.f32(phase % STRIP) * (1.0 / STRIP), x
        self._last_column = self.map.width() - 1

    @property
    def arguments(self):
        return [self.map, self.top, self.left, self.rows_per_pixel, self.columns_per_pixel]

    def at(self, plane):
        upper, lower = self.across[self._x, self._strip, plane], self.across[self._x, self._strip + 1, plane]
        return upper + self._t * (lower - upper)

    def schedule(self):
        for func in (self.down, self.across):
            func.compute_root()
        self.across.vectorize(self._x, 16, hl.TailStrategy.GuardWithIf)


def knots(place, count):
    """The cell before a place, and how far the place is from it to the next (0 to 1), inside a line of cells."""
    first = hl.clamp(hl.i32(hl.floor(place)), 0, hl.max(count - 2, 0))
    return first, hl.clamp(place - hl.f32(first), 0.0, 1.0)


def mix(one, other, t):
    return one + t * (other - one)
