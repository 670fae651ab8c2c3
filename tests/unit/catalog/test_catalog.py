"""models.toml: required keys, allowed values, and the errors for everything else."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from torch2web.catalog import SiteSettings, load_site_settings
from torch2web.catalog.load import ModelSpec, load_catalog
from torch2web.errors import CatalogError
from torch2web.images.steps import CenterCrop, Grey, Letterbox, Resize

TEXT = re.sub(r"\[site\]\n(.+\n)+\n", "", (ROOT / "models.toml").read_text())
SHORT = 'resize = [224, 224] # height, width\nfilter = "bilinear"'
CROP = '{ op = "center_crop", size = 224 }'


def write(folder: Path, text: str) -> Path:
    path = folder / "models.toml"
    path.write_text(text)
    return path


def test_the_projects_own(catalog: dict[str, ModelSpec]) -> None:
    assert list(catalog) == ["mobilenet_emotion", "landmark_cnn_emotion", "efficientnet_emotion"]
    for spec in catalog.values():
        assert spec.labels == ("Bored", "Confused", "Focused", "Tired")
        assert (spec.opset, spec.tolerance.atol) == (12, 1e-4)
        pixels = spec.preprocessing
        assert pixels.steps == (Resize((224, 224), "bilinear"),)
        assert pixels.size == (224, 224)
        assert pixels.mean == (0.485, 0.456, 0.406)
        assert pixels.std == (0.229, 0.224, 0.225)
    assert [spec.checkpoint for spec in catalog.values()] == [
        "mobile_epoch35.pth",
        "landmark_epoch35.pth",
        "effnet_epoch35.pth",
    ]
    places = [(spec.recommended.target, spec.recommended.role) for spec in catalog.values()]
    assert places == [("browser", "primary"), ("browser", "optional"), ("server", "optional")]


def test_a_model_overrides_the_defaults(tmp_path: Path) -> None:
    changed = TEXT.replace(
        'title = "MobileNetV2"', 'title = "MobileNetV2"\nlabels = ["yes", "no"]\nopset = 17'
    )
    first, second, _ = load_catalog(write(tmp_path, changed))
    assert (first.labels, first.opset) == (("yes", "no"), 17)
    assert (second.labels, second.opset) == (("Bored", "Confused", "Focused", "Tired"), 12)


def test_labels_may_repeat_and_are_kept_as_written(tmp_path: Path) -> None:
    """Classes are identified by index: ImageNet has two named "crane"."""
    changed = TEXT.replace('"Bored", "Confused", "Focused", "Tired"', '"crane", "COVID-19", "crane", "שלום"')
    first, *_ = load_catalog(write(tmp_path, changed))
    assert first.labels == ("crane", "COVID-19", "crane", "שלום")


def test_steps_of_a_model_card(tmp_path: Path) -> None:
    steps = """steps = [
      { op = "resize", size = 256, filter = "bicubic" },
      { op = "center_crop", size = 224 },
    ]"""
    changed = TEXT.replace(SHORT, steps)
    first, *_ = load_catalog(write(tmp_path, changed))
    assert first.preprocessing.steps == (Resize(256, "bicubic"), CenterCrop((224, 224)))
    assert first.input_shape == (3, 224, 224)


@pytest.mark.parametrize(
    ("pixels", "key", "problem"),
    [
        ("", "models[0].preprocessing", "found neither, expected either resize and filter, or steps"),
        ("resize = [9, 9]", "models[0].preprocessing", "found resize, expected either"),
        (f"{SHORT}\nsteps = [{CROP}]", "models[0].preprocessing", "found resize and filter and steps"),
        ("steps = []", "defaults.preprocessing.steps", "found 0 entries, expected at least 1"),
        (
            'steps = [{ op = "resize", size = 9, filter = "box" }]',
            "models[0].preprocessing.steps",
            "the size after these steps depends on the image",
        ),
        (
            'steps = [{ op = "resize", size = 9 }]',
            "defaults.preprocessing.steps[0].filter",
            "is missing",
        ),
        (
            'steps = [{ op = "resize", size = 9, filter = "box", antialias = false }]',
            "models[0].preprocessing.steps",
            "found antialias = false; torchvision ignores it for PIL images",
        ),
        (
            'steps = [{ op = "center_crop", size = 9, fil = 3 }]',
            "defaults.preprocessing.steps[0].fil",
            "unknown key; known here: fill, op, rounding, size",
        ),
        (
            'steps = [{ op = "resize", size = [9, 9], filter = "box", max_size = 12 }]',
            "models[0].preprocessing.steps",
            "max_size requires a resize of the shorter side",
        ),
        (
            'steps = [{ op = "resize", size = 9, filter = "box", max_size = 9 }]',
            "models[0].preprocessing.steps",
            "found max_size 9, expected more than size 9",
        ),
        (
            'steps = [{ op = "resize", size = 9, filter = "box", fit = "cover" }]',
            "models[0].preprocessing.steps",
            "fit requires a size of height and width",
        ),
        (
            'steps = [{ op = "resize", size = [9, 9], filter = "box", fit = "cover" }]',
            "models[0].preprocessing.steps",
            "the size after these steps depends on the image",
        ),
        (f'{SHORT}\ncolor = "grey"', "models[0].preprocessing.mean", "found 3 numbers, expected 1, one per"),
        (f'{SHORT}\ncolor = "gray"', "defaults.preprocessing.color", 'found "gray", expected one of "rgb"'),
        (f"{SHORT}\nscale = 255", "defaults.preprocessing.scale", 'found 255, expected one of "1/255"'),
        (
            'steps = [{ op = "grey" }, { op = "letterbox", size = 9, fill = [1, 2, 3] }]',
            "models[0].preprocessing.mean",
            "found 3 numbers, expected 1",
        ),
        ('steps = [{ op = "flip" }]', "defaults.preprocessing.steps[0].op", 'found "flip", expected one of'),
    ],
)
def test_steps_that_do_not_fit(tmp_path: Path, pixels: str, key: str, problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write(tmp_path, TEXT.replace(SHORT, pixels)))
    assert (caught.value.key, problem in caught.value.problem) == (key, True), caught.value


def test_one_mean_asks_for_grey(tmp_path: Path) -> None:
    changed = TEXT.replace("[0.485, 0.456, 0.406]", "[0.5]").replace("[0.229, 0.224, 0.225]", "[0.5]")
    message = r'mean: found 1 number, expected 3.*write \[0\.5, 0\.5, 0\.5\]; .*set color = "grey"'
    with pytest.raises(CatalogError, match=message):
        load_catalog(write(tmp_path, changed))
    first, *_ = load_catalog(write(tmp_path, changed.replace(SHORT, SHORT + '\ncolor = "grey"')))
    assert first.input_shape == (1, 224, 224)
    step = """steps = [{ op = "letterbox", size = [28, 32] }, { op = "grey" }]"""
    first, *_ = load_catalog(write(tmp_path, changed.replace(SHORT, step)))
    assert first.input_shape == (1, 28, 32)
    assert first.preprocessing.steps == (Letterbox((28, 32)), Grey())


def test_fill_of_a_grey_image_is_one_number(tmp_path: Path) -> None:
    changed = TEXT.replace("[0.485, 0.456, 0.406]", "[0.5]").replace("[0.229, 0.224, 0.225]", "[0.5]")
    steps = 'color = "grey"\nsteps = [{ op = "letterbox", size = 9, fill = [1, 2, 3] }]'
    with pytest.raises(CatalogError, match=r"steps\[0].fill: found \[1, 2, 3], expected one number"):
        load_catalog(write(tmp_path, changed.replace(SHORT, steps)))


def test_channels_scale_and_means_of_other_frameworks(tmp_path: Path) -> None:
    """Caffe: BGR, levels 0 to 255, mean only. With only a size: levels 0 to 1."""
    changed = TEXT.replace("mean = [0.485, 0.456, 0.406]", "mean = [103.939, 116.779, 123.68]")
    changed = changed.replace("std = [0.229, 0.224, 0.225]", 'color = "bgr"\nscale = 1')
    pixels = load_catalog(write(tmp_path, changed))[0].preprocessing
    assert (pixels.color, pixels.scale, pixels.std) == ("bgr", 1, (1, 1, 1))
    assert pixels.as_dict()["color"] == "bgr"
    with pytest.raises(
        CatalogError, match=r"mean: 103\.939 is far above 1.* Then set scale = 1; else divide"
    ):
        load_catalog(write(tmp_path, changed.replace("\nscale = 1", "")))
    bare = "\n".join(line for line in TEXT.splitlines() if not line.startswith(("mean", "std")))
    pixels = load_catalog(write(tmp_path, bare))[0].preprocessing
    assert (pixels.mean, pixels.std, pixels.scale) == ((0, 0, 0), (1, 1, 1), "1/255")
    assert {"color", "scale"}.isdisjoint(pixels.as_dict()), "absent where they have their defaults"


def test_only_some(tmp_path: Path) -> None:
    names = [spec.name for spec in load_catalog(ROOT / "models.toml", ["efficientnet_emotion"])]
    assert names == ["efficientnet_emotion"]


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ("opset = 12", 'opset = "twelve"', "defaults.opset", 'found "twelve", expected an integer'),
        ("opset = 12", "opset = 7", "defaults.opset", "found 7, expected at least 12"),
        ("opset = 12", "opsets = 12", "defaults.opsets", "unknown key; known here: gate, labels, opset"),
        ("tolerance = 1e-4", "tolerance = 0", "defaults.tolerance", "found 0, expected more than 0"),
        ("tolerance = 1e-4", "tolerance = nan", "defaults.tolerance", "found nan, expected a finite number"),
        ("0.485", "inf", "defaults.preprocessing.mean[0]", "found inf, expected a finite number"),
        ("[224, 224]", "[224]", "defaults.preprocessing.resize", "found 1 entries, expected at least 2"),
        ("[224, 224]", "[224, 0]", "defaults.preprocessing.resize[1]", "found 0, expected at least 1"),
        ('"bilinear"', '"bicubish"', "defaults.preprocessing.filter", 'found "bicubish", expected one of'),
        ("0.229", "-0.229", "defaults.preprocessing.std[0]", "expected more than 0"),
        ('name = "mobilenet_emotion"', "", "models[0].name", "is missing"),
        ('name = "mobilenet_emotion"', "name = 3", "models[0].name", "found 3, expected a string"),
        ('name = "mobilenet_emotion"', 'name = "../up"', "models[0].name", "expected letters a to z, digits"),
        (
            '"mobilenet_v2"',
            '"resnet"',
            "models[0].architecture",
            "expected one of efficientnet_b0, landmark_cnn",
        ),
        ('"mobilenet_emotion.onnx"', '"../../x.onnx"', "models[0].output", "that ends in .onnx"),
        (
            'target = "server"',
            'target = "phone"',
            "models[2].recommended.target",
            'found "phone", expected one of',
        ),
        ('"landmark_cnn_emotion"', '"mobilenet_emotion"', "models[1].name", "is the name of models[0] too"),
        (
            '"landmark_cnn_emotion.onnx"',
            '"mobilenet_emotion.onnx"',
            "models[1].output",
            "is the output of models[0]",
        ),
        ("[[models]]", "[[model]]", "model", "unknown key; known here: defaults, models"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, old: str, new: str, key: str, problem: str) -> None:
    assert old in TEXT
    path = write(tmp_path, TEXT.replace(old, new))
    with pytest.raises(CatalogError) as caught:
        load_catalog(path)
    assert caught.value.key == key
    assert problem in caught.value.problem
    assert str(caught.value).startswith(f"{path}: {key}: ")


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"not valid TOML.*line 2"):
        load_catalog(write(tmp_path, "[defaults]\nopset = = 3\n"))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no such file"):
        load_catalog(tmp_path / "none.toml")


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"it cannot be read: .*Is a directory"):
        load_catalog(tmp_path)


def test_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogError, match="its byte order mark says UTF-16-LE"):
        load_catalog(path)


def test_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no model 'x'; it has mobilenet_emotion, landmark"):
        load_catalog(ROOT / "models.toml", ["x"])


SITE = '[site]\ntitle = "Cats"\ncolor = "#00695c"\nurl = "https://cats.example/"\n'


def test_site_settings(tmp_path: Path) -> None:
    path = write(tmp_path, f"{SITE}{TEXT}")
    load_catalog(path)
    assert load_site_settings(path) == SiteSettings("Cats", "", "#00695c", "https://cats.example/")
    path = write(tmp_path, f'[site]\nlanguage = "pt-BR"\n{TEXT}')
    load_catalog(path)
    assert load_site_settings(path).language == "pt-BR"
    assert load_site_settings(write(tmp_path, TEXT)) == SiteSettings()
    assert load_site_settings(ROOT / "models.toml") == SiteSettings(api="emotion")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('color = "red"', "site.color"),
        ('url = "cats.example"', "site.url"),
        ('name = "Cats"', "site.name"),
        ('api = "models"', "site.api"),
        ('api = "a/b"', "site.api"),
        ('recalibrate = "http://a.example/api/predict"', "site.recalibrate"),
        ('recalibrate = "//a.example/api/predict"', "site.recalibrate"),
        ('recalibrate = "https://a.example/x; script-src *"', "site.recalibrate"),
    ],
)
def test_wrong_site_settings_are_named(tmp_path: Path, line: str, key: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load_catalog(write(tmp_path, f"[site]\n{line}\n{TEXT}"))
    assert caught.value.key in (key, "site")
