"""Scenes: what they say of themselves is what a sensor sees; the same seed gives the same bytes."""

import numpy as np
import pytest

from shared_data import shared
from twinlens.core.errors import FileError, ParameterError
from twinlens.numerics import color, metamers, spectra, upsampling
from twinlens.simulate.scenes import SCENES, edges, make
from twinlens.simulate.scenes.materials import leaf, plausible, skin
from twinlens.simulate.scenes.night import COLORED_LEDS_NM, led

D65, A = spectra.illuminant("D65"), spectra.illuminant("A")
SIZE = (96, 128)
PICTURE = (np.random.default_rng(0).uniform(0, 1, (12, 16, 3)).repeat(8, 0).repeat(8, 1) * 255).astype(np.uint8)
OPTIONS = {
    "photograph": {"picture": PICTURE},
    "dynamic-range": {"stops": 8},
    "metamers": {"pairs": 4},
}
CASES = [name for name in SCENES if name != "colorchecker-sg"]


def scene(name, *, height=SIZE[0], width=SIZE[1], **more):
    return make(name, height, width, **{**OPTIONS.get(name, {}), **more})


def lab(xyz, light):
    return color.lab_from_xyz(np.asarray(xyz, float), spectra.white_xyz(light))


def inside(patch):
    """The pixels that lie whole in a patch."""
    (left, top), (right, bottom) = patch.corners[0], patch.corners[2]
    return slice(int(np.ceil(top + 0.5)), int(bottom - 0.5) + 1), slice(int(np.ceil(left + 0.5)), int(right - 0.5) + 1)


def reflectance(one):
    """What each pixel reflects, (H, W, 31) under D65."""
    return one.seen_by(np.diag((D65 @ spectra.observer()[:, 1]) / D65))


@pytest.mark.parametrize("name", CASES)
def test_a_scene_is_light_of_its_size_and_its_rows_are_its_own(name):
    one = scene(name)
    xyz = one.xyz()
    assert xyz.shape == (*SIZE, 3) and xyz.dtype == np.float32 and np.isfinite(xyz).all() and (xyz >= 0).all()
    np.testing.assert_allclose(one.xyz(slice(10, 31)), xyz[10:31], rtol=1e-6, atol=1e-7)
    assert (reflectance(one) >= -1e-6).all()


@pytest.mark.parametrize("name", CASES)
def test_the_same_seed_gives_the_same_bytes(name):
    one, other = (scene(name, seed=3, light=["D65", "A"]) for _ in range(2))
    assert one.xyz().tobytes() == other.xyz().tobytes()


@pytest.mark.parametrize("name", ["still-life", "dead-leaves", "night-lights", "photograph", "metamers"])
def test_another_seed_gives_another_scene(name):
    one, other = (scene(name, seed=seed, light="A").xyz() for seed in (1, 2))
    assert np.abs(one - other).max() > 0.01


@pytest.mark.parametrize("light", ["D65", "A", "FL11", "LED-B3"])
@pytest.mark.parametrize("name", ["colorchecker", "grey-ramp", "dynamic-range", "metamers", "flat"])
def test_a_patch_is_its_reflectance_times_the_light(name, light):
    one = scene(name, light=light)
    power = spectra.illuminant(light)
    assert one.patches
    for patch in one.patches:
        rows, columns = inside(patch)
        truth = spectra.xyz_from_reflectance(patch.reflectance, power)
        found = one.xyz(rows)[:, columns].reshape(-1, 3)
        assert len(found)
        np.testing.assert_allclose(found, np.broadcast_to(truth, found.shape), rtol=2e-5, atol=1e-7)


def test_the_chart_has_real_proportions_and_the_energy_of_its_parts():
    one = scene("colorchecker", height=401, width=603)
    xs = [patch.corners[:, 0] for patch in one.patches[:6]]
    assert (xs[1].min() - xs[0].min()) / np.ptp(xs[0]) == pytest.approx(52.4 / 46.5)
    area = np.ptp(one.patches[0].corners, axis=0).prod()
    covered = one.layers[1].shading  # edges take part with their share
    assert covered.sum() == pytest.approx(24 * area, rel=1e-5)


def test_a_grey_scene_stays_grey_in_every_light():
    for light in ("D65", "A", "LED-RGB1"):
        xyz = scene("grey-ramp", light=light).xyz().reshape(-1, 3)
        white = spectra.white_xyz(spectra.illuminant(light))
        np.testing.assert_allclose(xyz, xyz[:, 1:2] * white, rtol=1e-5, atol=1e-7)


def test_the_dynamic_range_chart_has_its_stops():
    one = make("dynamic-range", 240, 320, stops=20)
    levels = [one.xyz()[inside(patch)][..., 1].mean() for patch in one.patches]
    np.testing.assert_allclose(np.diff(np.log2(levels)), -1, atol=1e-4)
    assert len(levels) == 21 and levels[0] == pytest.approx(1, rel=1e-5)


def test_metamers_match_under_their_light_and_separate_under_a():
    for light, is_apart in (("D65", False), ("A", True)):
        power = spectra.illuminant(light)
        one = make("metamers", 96, 256, light=light, pairs=10)
        seen = {patch.name: lab(one.xyz()[inside(patch)].mean(axis=(0, 1)), power) for patch in one.patches}
        apart = np.array([color.delta_e_2000(seen[f"{pair}a"], seen[f"{pair}b"]) for pair in range(1, 11)])
        assert (apart > 1.5).all() if is_apart else (apart < 0.02).all(), apart
        assert all((patch.reflectance >= 0).all() and (patch.reflectance <= 1).all() for patch in one.patches)


def test_mixed_light_passes_from_one_lamp_to_the_other():
    one = make("flat", 60, 80, light=["D65", "A"], seed=4)
    shares = one.facts["light_shares"]
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=1e-6)
    truth = sum(shares[..., [index]] * spectra.white_xyz(power) for index, power in enumerate((D65, A)))
    np.testing.assert_allclose(one.xyz(), truth, rtol=1e-5)
    assert shares[..., 0].max() > 0.95 and shares[..., 0].min() < 0.05 and one.light_name == "D65+A"


def test_a_light_can_be_a_pair_and_what_lies_beyond_is_said():
    one = make("flat", 16, 16, light=(np.arange(410, 701, 5), np.linspace(1, 2, 59)))
    assert one.facts["beyond_nm"] == {"custom": 10.0}
    assert one.xyz()[0, 0, 1] == pytest.approx(1)


def test_a_slanted_edge_lies_where_it_is_said_to_with_its_contrast():
    one = make("slanted-edge", 200, 240, angle_deg=7, contrast=4)
    luminance = one.xyz()[..., 1]
    assert luminance.max() / luminance.min() == pytest.approx(4, rel=1e-4)
    assert len(one.facts["edges"]) == 4
    for edge in one.facts["edges"]:
        left, top, right, bottom = edge["box"]
        part = luminance[top : bottom + 1, left : right + 1]
        dark = (part.max() - part) / np.ptp(part)
        start, end = edge["ends"]
        x, y = np.meshgrid(np.arange(left, right + 1), np.arange(top, bottom + 1))
        along = (end - start) / np.linalg.norm(end - start)
        distance = (x - start[0]) * along[1] - (y - start[1]) * along[0]
        side = np.sign(np.corrcoef(distance.ravel(), dark.ravel())[0, 1])
        np.testing.assert_array_equal(
            dark[np.abs(distance) > 0.75] > 0.5, (side * distance > 0)[np.abs(distance) > 0.75]
        )
        assert np.abs(dark[np.abs(distance) < 0.02] - 0.5).max(initial=0) < 0.03


def test_the_coverage_of_a_half_plane_is_exact():
    rng = np.random.default_rng(1)
    points = rng.uniform(-0.5, 0.5, (400_000, 2))
    for angle in (0.0, 0.1, 0.7, np.pi / 4, 2.0):
        for offset in (-0.6, -0.2, 0.0, 0.33):
            counted = (points @ (np.cos(angle), np.sin(angle)) < offset).mean()
            found = edges.half_plane(np.zeros(1), np.zeros(1), angle, offset)[0]
            assert found == pytest.approx(counted, abs=0.004)


def test_the_star_keeps_its_mean_and_has_its_cycles():
    one = make("siemens-star", 200, 200, cycles=36)
    (x, y), radius = one.facts["center"], one.facts["radius_px"]
    turn = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
    ring = one.xyz()[
        np.round(y + 0.8 * radius * np.sin(turn)).astype(int), np.round(x + 0.8 * radius * np.cos(turn)).astype(int), 1
    ]
    power = np.abs(np.fft.rfft(ring))
    assert power[1:].argmax() + 1 == 36
    assert ring.mean() == pytest.approx(0.4, rel=0.01)


def test_dead_leaves_fall_as_frequency_to_the_minus_two():
    one = make("dead-leaves", 384, 384, smallest_px=1.5)
    frequency, power = one.facts["power_spectrum"]
    middle = (frequency > 0.02) & (frequency < 0.2)
    slope = np.polyfit(np.log(frequency[middle]), np.log(power[middle]), 1)[0]
    assert -2.6 < slope < -1.6
    assert one.xyz()[..., 1].mean() == pytest.approx(one.facts["mean"], rel=0.1)


def test_night_lights_have_their_peak_and_colored_lamps_their_wavelength():
    one = make("night-lights", 240, 320, peak=64)
    assert 32 < one.xyz()[..., 1].max() < 96
    assert one.xyz()[..., 1].max() / np.percentile(one.xyz()[..., 1], 1) > 2**14
    for peak_nm, width_nm in COLORED_LEDS_NM.values():
        power = led(peak_nm, width_nm)
        assert (power * spectra.WAVELENGTHS_NM).sum() / power.sum() == pytest.approx(peak_nm, abs=2)


def test_a_still_life_moves_one_thing_only():
    still, moved = (make("still-life", 120, 160, seed=5, moment=moment) for moment in (0.0, 1.0))
    changed = np.abs(still.xyz() - moved.xyz()).max(axis=2) > 1e-4
    assert 0.001 < changed.mean() < 0.3
    assert moved.facts["moved_px"] == pytest.approx(0.06 * 160) and still.facts["moved_px"] == 0
    depth = still.facts["depth_m"]
    assert depth.shape == (120, 160) and depth.dtype == np.float32 and 1 < depth.min() < depth.max() <= 4


def test_still_lifes_of_any_seed_can_be_made():
    for seed in range(4):
        assert np.isfinite(make("still-life", 64, 72, seed=seed, objects=20).xyz()).all()


def test_a_photograph_has_its_colors_under_its_light():
    one = scene("photograph")
    codes = PICTURE / 255
    truth = color.decode(codes) @ upsampling.xyz_from_primaries(D65).T
    apart = color.delta_e_2000(lab(one.xyz(), D65), lab(truth, D65))
    assert apart.max() < 0.01
    found = reflectance(one)
    assert found.min() >= -1e-6 and found.max() <= 1 + 1e-5


def test_a_photograph_has_metamers_that_only_another_light_shows():
    with_blacks, smooth = (scene("photograph", metamerism=one) for one in (1, 0))
    assert np.abs(reflectance(with_blacks) - reflectance(smooth)).max() > 0.02
    np.testing.assert_allclose(with_blacks.xyz(), smooth.xyz(), atol=1e-5)
    warm, warm_smooth = (scene("photograph", metamerism=one, light="A") for one in (1, 0))
    assert color.delta_e_2000(lab(warm.xyz(), A), lab(warm_smooth.xyz(), A)).max() > 1


def test_a_photograph_covers_the_frame_and_keeps_its_light():
    one = make("photograph", 48, 128, picture=PICTURE)
    assert one.xyz().shape == (48, 128, 3)
    whole = make("photograph", None, None, picture=np.full((40, 60, 3), 128, np.uint8))
    half = make("photograph", 20, 30, picture=np.full((40, 60, 3), 128, np.uint8))
    np.testing.assert_allclose(whole.xyz().mean((0, 1)), half.xyz().mean((0, 1)), rtol=1e-4)


def test_colors_outside_srgb_keep_their_xyz_and_spectra_of_zero_or_more():
    rng = np.random.default_rng(2)
    wide = rng.uniform(0, 1, (4000, 3)) ** 2
    rgb = wide @ color.rgb_from_rgb("srgb", "p3").T
    rgb = rgb[rgb.min(axis=1) < 0]
    inner, vivid = upsampling.split(rgb)
    found = inner @ upsampling.basis(D65) + vivid @ upsampling.vivid_basis(D65)
    truth = rgb @ upsampling.xyz_from_primaries(D65).T
    apart = color.delta_e_2000(lab(found @ upsampling.observer_under(D65), D65), lab(truth, D65))
    assert apart.max() < 0.1 and found.min() > -1e-9


@pytest.mark.parametrize("light", ["D65", "D50", "A", "FL11", "LED-B3"])
def test_the_basis_is_a_reflectance_adds_up_to_one_and_has_the_primaries(light):
    power = spectra.illuminant(light)
    basis = upsampling.basis(power)
    assert basis.min() >= 0
    np.testing.assert_allclose(basis.sum(axis=0), 1, atol=1e-9)
    np.testing.assert_allclose(
        basis @ upsampling.observer_under(power), upsampling.xyz_from_primaries(power).T, atol=1e-9
    )


def test_reflectances_fit_the_colors_of_the_chart():
    chart = np.stack([spectra.table("colorchecker")[name] for name in list(spectra.table("colorchecker"))])
    found = upsampling.reflectances(spectra.xyz_from_reflectance(chart, D65), D65)
    truth = lab(spectra.xyz_from_reflectance(chart, D65), D65)
    assert color.delta_e_2000(lab(spectra.xyz_from_reflectance(found, D65), D65), truth).max() < 0.05
    assert found.min() >= -1e-9 and found.max() <= 1 + 1e-9


def test_blacks_are_not_seen_and_shares_hold_them():
    rng = np.random.default_rng(6)
    chroma = rng.dirichlet(np.ones(3), 40)
    black = metamers.blacks(chroma, D65, rng)
    assert np.abs(black @ upsampling.observer_under(D65)).max() < 1e-9
    shares = metamers.Shares(black, D65)
    labels = rng.integers(40, size=(50, 60)).astype(np.uint8)
    rgb = (rng.dirichlet(np.ones(3), (50, 60)) * rng.uniform(0, 1, (50, 60, 1))).astype(np.float32)
    found = rgb @ upsampling.basis(D65) + shares(rgb, labels)[..., None] * black[labels]
    assert found.min() > -1e-6 and found.max() < 1 + 1e-6


def test_materials_are_reflectances():
    rng = np.random.default_rng(0)
    assert np.ptp(skin(np.array([0.2, 3.0]), np.array([0.3, 0.8])), axis=0).max() > 0.2
    for one in (
        skin(rng.uniform(0.15, 3.5, 50), rng.uniform(0.2, 1, 50)),
        leaf(rng.uniform(0.2, 2, 50), rng.uniform(0, 1, 50)),
        plausible(rng.uniform((0, -90, -90), (100, 90, 90), (50, 3)), rng),
    ):
        assert one.shape == (50, 31) and one.min() >= 0 and one.max() <= 1


FAULTS = {
    "is not known: expected one of": lambda: make("fog", 64, 64),
    "needs 16 x 16 px or more": lambda: make("flat", 4, 64),
    "has no option 'colour'": lambda: make("flat", 64, 64, colour=1),
    "does not fit in 40 x 30 px": lambda: make("colorchecker", 30, 40),
    "the light 'D1' is not known": lambda: make("flat", 64, 64, light="D1"),
    "covers 500 to 600 nm": lambda: make("flat", 64, 64, light=(np.array([500, 550, 600]), np.ones(3))),
    "looks like um": lambda: make("flat", 64, 64, light=(np.array([0.4, 0.55, 0.7]), np.ones(3))),
    "negative power": lambda: make("flat", 64, 64, light=(np.array([400, 550, 700]), -np.ones(3))),
    "needs a light": lambda: make("flat", 64, 64, light=[]),
    "needs a picture": lambda: make("photograph", 64, 64),
    "got (4, 4)": lambda: make("photograph", 64, 64, picture=np.zeros((4, 4))),
    "0 to 20 stops": lambda: make("dynamic-range", 240, 320, stops=25),
    "needs an angle between": lambda: make("slanted-edge", 64, 64, angle_deg=50),
    "do not fit": lambda: make("slanted-edge", 64, 64, rows=4, columns=4),
    "needs a height and a width": lambda: make("flat", None, 64),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_made_says_why(what):
    with pytest.raises(ParameterError) as caught:
        FAULTS[what]()
    assert what in str(caught.value)


def test_a_chart_of_another_size_is_refused_with_its_file(tmp_path):
    rows = [",".join(["nm", "a", "b"])] + [f"{nm},0.1,0.2" for nm in range(400, 701, 10)]
    (tmp_path / "two.csv").write_text("\n".join(rows))
    with pytest.raises(FileError, match=r"two\.csv holds 2 reflectances, expected 24"):
        make("colorchecker", 200, 300, spectra_file=tmp_path / "two.csv")


def test_the_sg_chart_is_made_from_its_published_colors():
    colour = pytest.importorskip("colour", reason="colour-science (extra `science`) is not installed")
    one = make("colorchecker-sg", 200, 280, light="D50")
    chart = colour.CCS_COLOURCHECKERS["ColorCheckerSG - After November 2014"].data
    power = spectra.illuminant("D50")
    for patch in one.patches:
        x, y, luminance = chart[patch.name]
        truth = np.array([x / y, 1, (1 - x - y) / y]) * luminance
        found = spectra.xyz_from_reflectance(patch.reflectance, power)
        assert color.delta_e_2000(lab(found, power), lab(truth, power)) < 0.1, patch.name


def test_the_sg_chart_takes_measured_spectra():
    path = shared("spectral/reflectances/gretagDigitalColorSG.csv")
    one = make("colorchecker-sg", 200, 280, spectra_file=path)
    levels = {patch.name: patch.reflectance.mean() for patch in one.patches}
    assert levels["A1"] > 0.8 and levels["A2"] < 0.05 and 0.1 < levels["A3"] < 0.25
    assert [patch.name for patch in one.patches[:3]] == ["A1", "B1", "C1"]


def test_a_photograph_of_too_few_pixels_is_refused() -> None:
    picture = np.full((20, 30, 3), 0.5)
    assert make("photograph", 40, 60, picture=picture).width == 60
    with pytest.raises(ParameterError, match=r"has 30 x 20 px, too few for a scene of 90 x 60 px.*enlarged 3.0 times"):
        make("photograph", 60, 90, picture=picture)
