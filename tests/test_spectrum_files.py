"""Files of spectra: what is written comes back; what is wrong is said with file and line."""

import json

import numpy as np
import pytest

from twinlens.core.errors import FileError
from twinlens.files import spectrum
from twinlens.numerics import spectra

NM = np.arange(380, 731, 10)


def write(path, values, *, nm=NM, names=("red", "green"), mark=","):
    rows = [mark.join(["wavelength", *names])]
    rows += [mark.join(f"{one:.6g}" for one in row) for row in np.column_stack([nm, *values])]
    path.write_text("# measured\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def smooth():
    return 0.5 + 0.4 * np.sin(NM / 60), 0.5 + 0.4 * np.cos(NM / 60)


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
def test_a_csv_gives_back_its_columns(tmp_path, smooth, mark):
    nm, columns = spectrum.read_spectra(write(tmp_path / "a.csv", smooth, mark=mark))
    assert list(columns) == ["red", "green"]
    np.testing.assert_array_equal(nm, NM)
    np.testing.assert_allclose(columns["green"], smooth[1], atol=1e-6)


def test_columns_without_names_are_numbered(tmp_path):
    (tmp_path / "a.csv").write_text("400,0.1,0.2\n410,0.2,0.3\n420,.3,4e-1\n")
    _, columns = spectrum.read_spectra(tmp_path / "a.csv")
    assert columns["s2"].tolist() == [0.2, 0.3, 0.4]


def test_the_json_of_rawtoaces_is_read(tmp_path, smooth):
    rows = {str(nm): [float(one), float(other)] for nm, one, other in zip(NM, *smooth, strict=True)}
    document = {"spectral_data": {"index": {"main": ["R", "G"]}, "data": {"main": rows}}}
    (tmp_path / "a.json").write_text(json.dumps(document))
    nm, columns = spectrum.read_spectra(tmp_path / "a.json")
    assert nm[0] == 380
    np.testing.assert_array_equal(columns["R"], smooth[0])


def test_reflectances_and_lights_come_on_our_wavelengths_and_say_what_is_beyond(tmp_path, smooth):
    path = write(tmp_path / "a.csv", smooth)
    found, beyond_nm = spectrum.read_reflectances(path)
    np.testing.assert_allclose(found["red"], np.interp(spectra.WAVELENGTHS_NM, NM, smooth[0]), atol=1e-5)
    assert beyond_nm == 0
    short = write(tmp_path / "short.csv", [one[3:] for one in smooth], nm=NM[3:])
    assert spectrum.read_reflectances(short)[1] == 10
    power, _ = spectrum.read_light(path, "green")
    np.testing.assert_allclose(power, np.interp(spectra.WAVELENGTHS_NM, NM, smooth[1]), atol=1e-5)


CASES = {
    "a gap: 490 to 550 nm": lambda nm, values: (np.delete(nm, range(12, 17)), np.delete(values, range(12, 17), 1)),
    "looks like um": lambda nm, values: (nm / 1000, values),
    "looks like percent": lambda nm, values: (nm, values * 100),
    "red is -0.3, expected no negative value": lambda nm, values: (nm, values - (nm == 400) * (values + 0.3)),
    "does not rise above 390 nm": lambda nm, values: (np.where(nm == 400, 390, nm), values),
    "covers 430 to 730 nm": lambda nm, values: (nm[5:], values[:, 5:]),
}


@pytest.mark.parametrize("what", CASES)
def test_a_wrong_file_is_named_with_its_fault(tmp_path, smooth, what):
    nm, values = CASES[what](NM.astype(float), np.array(smooth))
    path = write(tmp_path / "bad.csv", values, nm=nm)
    with pytest.raises(FileError, match=rf"bad\.csv.*{what}"):
        spectrum.read_reflectances(path)


LINES = {
    "line 3: the value of s1 is ''": "400,0.1\n410,0.2\n420,\n",
    "line 2: expected 2 numbers, found 3": "400,0.1\n410,0.2,0.3\n420,1\n",
    "line 3: the value of red is 'nan'": "nm,red\n400,0.1\n410,nan\n",
    "two or more rows": "nm,red\n400,0.1\n",
    "is empty": "\n# nothing\n",
    "different names": "nm,red,red\n400,1,1\n410,1,1\n",
    "not a file of spectra": '{"a": 1}',
}


@pytest.mark.parametrize("what", LINES)
def test_a_line_that_is_not_numbers_is_named(tmp_path, what):
    (tmp_path / "bad.csv").write_text(LINES[what])
    with pytest.raises(FileError, match=rf"bad\.csv.*{what}"):
        spectrum.read_spectra(tmp_path / "bad.csv")


def test_a_light_of_several_columns_must_be_named(tmp_path, smooth):
    path = write(tmp_path / "a.csv", smooth)
    with pytest.raises(FileError, match="holds 2 spectra"):
        spectrum.read_light(path)
    with pytest.raises(FileError, match="no spectrum 'blue'"):
        spectrum.read_light(path, "blue")
    with pytest.raises(FileError, match=r"cannot read the spectra .*missing\.csv"):
        spectrum.read_light(tmp_path / "missing.csv")
