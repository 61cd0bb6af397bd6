"""The look as a document: written and read back, refused with the key named, its residual table beside it and held."""

from __future__ import annotations

import copy
import dataclasses
import gc
import pickle

import numpy as np
import pytest

from twinlens.core import look as look_numbers
from twinlens.core.errors import DocumentError, FileError
from twinlens.core.look import Table, keep_table
from twinlens.numerics import lut
from twinlens.pipeline.look import Look, dumps, load, loads, read_tables, save, shipped, write_tables
from twinlens.stages.look_map import LookMap

HEAD = 'format = "look/1"\nname = "x"\n'


def random_scene(count: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1, (count, 3))


@pytest.mark.parametrize("name", shipped())
def test_documents_read_back_equal(name):
    assert loads(dumps(load(name))) == load(name)
    assert load(name).reasons and load(name).description and load(name).provenance


def made_with_table() -> Look:
    values = lut.identity_table(3) ** np.float32(1.1)
    return Look(name="made", map=LookMap(curve="film", middle=0.2, contrast=1.3, table=keep_table(Table(values))))


def test_save_writes_the_table_beside_and_reads_it_back(tmp_path):
    made = made_with_table()
    save(made, tmp_path / "made.look.toml")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".cube", ".toml"]
    assert load(tmp_path / "made.look.toml") == made
    with pytest.raises(FileError, match="exists already"):
        save(made, tmp_path / "made.look.toml")
    save(made, tmp_path / "made.look.toml", overwrite=True)
    beside = next(tmp_path.glob("*.cube"))
    beside.write_text(beside.read_text().replace("\n0 0 0\n", "\n0.1 0 0\n"))
    with pytest.raises(DocumentError, match="not the table that this look was made with"):
        load(tmp_path / "made.look.toml")
    beside.unlink()
    with pytest.raises(FileError, match="cannot read the table"):
        load(tmp_path / "made.look.toml")


def test_tables_of_a_recipe_are_found_beside_it(tmp_path, monkeypatch):
    made = made_with_table()
    rgb = random_scene(32)
    before = made.map.render(rgb)
    assert [path.suffix for path in write_tables([made.map], tmp_path)] == [".cube"]
    text = str(made.map.table)
    monkeypatch.setattr("twinlens.core.look._tables", {})
    written = dataclasses.replace(made.map, table=text)
    with pytest.raises(DocumentError, match="not loaded"):
        read_tables([written], tmp_path / "elsewhere")
    read_tables([written], tmp_path)
    assert np.array_equal(written.render(rgb), before)


def test_a_name_does_not_lead_out_of_the_folder(tmp_path):
    made = dataclasses.replace(made_with_table(), name="../../ou/t")
    path = write_tables([made.map], tmp_path)[0]
    assert path.parent == tmp_path
    assert path.name.startswith("--..-ou-t-")
    assert path.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a document"),
        ('format = "look/2"\nname = "x"', "update twinlens"),
        ('format = "look/1"', "needs a name"),
        (HEAD + "nam = 1", "unknown key nam"),
        (HEAD + "[curve]\ncontrst = 1", "unknown key contrst"),
        (HEAD + "[sectors.mauve]\nchroma = 1", "unknown key mauve"),
        (HEAD + "[sectors.green]\nchrome = 1", "unknown key chrome"),
        (HEAD + "[sectors.green]\nchroma = 9", "green: chroma = 9 is outside 0 to 2"),
        (HEAD + "[curve]\ncontrast = 9", r"curve\.contrast = 9 stops/stop is outside 0\.5 to 3"),
        (HEAD + '[curve]\nkind = "film"\ncontrast = 0.5', "cannot reach white"),
        (HEAD + '[curve]\nkind = "bezier"', r"curve\.kind = 'bezier': expected one of"),
        (HEAD + '[color]\nsaturation = "much"', r"color\.saturation = 'much': expected a number"),
        (HEAD + "color = 3", "color is a table"),
        (HEAD + '[curve]\nkind = "nodes"\nstops = [1, 0]\ndisplay = [0, 1]', "stops must rise"),
        (HEAD + '[curve]\nkind = "nodes"\nstops = [0, 1]\ndisplay = [1, 0]', "must not fall"),
        (HEAD + '[curve]\nkind = "nodes"', "a row of stops"),
        (HEAD + "[curve]\nstops = [0, 1]\nred = [0, 1]", "curve nodes are"),
        (HEAD + "[scene]\nexposure = inf", "a finite number"),
        (HEAD + "[scene]\ntransform = [[1, 0, 0]]", r"scene\.transform: 3 rows"),
        (HEAD + "[finish]\nvignette = 3", r"finish\.vignette = 3 is outside"),
        (HEAD + "[finish]\nshine = 3", "unknown key shine"),
        (HEAD + "[[light]]\ncct = 100", "cct = 100"),
        (HEAD + "[[light]]\ncct = 5000\ngains = [1, 2]", "gains"),
        (HEAD + "[light]\ncct = 5000", "list of tables"),
        (HEAD + "[[light]]\ncct = 5000\n[[light]]\ncct = 5000", "each given once"),
        (HEAD + "[scene]\ntransform = [[1, 0, nan], [0, 1, 0], [0, 0, 1]]", "finite numbers"),
        (HEAD + '[table]\nfile = "../x.cube"', "beside the look"),
        (HEAD + "reasons = 3", "list of sentences"),
        (HEAD + "description = [", "not valid TOML"),
    ],
)
def test_bad_documents_are_refused_with_the_key(text, said):
    with pytest.raises(DocumentError, match=said):
        loads(text)


def test_unknown_looks_are_refused_with_a_hint(tmp_path):
    with pytest.raises(DocumentError, match="did you mean 'authentic'"):
        load("autentic")
    with pytest.raises(DocumentError, match="cannot read the look"):
        load(tmp_path / "absent.toml")


def kept_bytes() -> int:
    gc.collect()
    return sum(one.values.nbytes for one in look_numbers._tables.values())


def test_tables_that_no_look_holds_are_given_up_and_those_of_looks_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    monkeypatch.setattr(look_numbers, "RECENT_BYTES", 20 * 12 * 9**3)

    def fitted() -> LookMap:  # as a fit makes tables, one after the other, and holds the last
        stages = [LookMap(table=keep_table(Table(rng.random((9, 9, 9, 3))))) for _ in range(13)]
        return stages[-1]

    held, rgb = fitted(), random_scene(32)
    before = held.render(rgb)
    others = held_bytes = kept_bytes()
    for _ in range(60):
        fitted()
        others = kept_bytes()
    assert others <= held_bytes + look_numbers.RECENT_BYTES
    assert np.array_equal(held.render(rgb), before)
    copies = dataclasses.replace(held, strength=0.5), pickle.loads(pickle.dumps(held)), copy.deepcopy(held)
    name = str(held.table)
    again = LookMap(table=name)
    del held
    assert np.array_equal(again.render(rgb), before)
    assert all(look_numbers.table_of(one.table).hash == name for one in copies)
    del again, copies
    gc.collect()
    with pytest.raises(DocumentError, match="is not loaded"):
        LookMap(table=name).render(rgb)


def test_a_name_read_before_its_table_holds_it_from_then_on() -> None:
    table = Table(np.random.default_rng(1).random((3, 3, 3, 3)))
    early = LookMap(table=table.hash)
    with pytest.raises(DocumentError, match="is not loaded"):
        early.render(random_scene(4))
    keep_table(table)
    assert look_numbers.table_of(early.table) is table
    look_numbers._recent.clear()
    name = early.table
    del table
    gc.collect()
    assert look_numbers.table_of(name).hash == name == early.table
