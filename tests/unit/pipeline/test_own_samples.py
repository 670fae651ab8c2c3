"""The user's images as samples of the page: selection, labels, and refusals."""

from pathlib import Path

import pytest
from PIL import Image

from torch2web.errors import InputError, OwnImagesError
from torch2web.pipeline.own_samples import own_samples
from torch2web.verification import find_images

LABELS = ("cat", "dog")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Cats, dogs and a picture of neither; one of the cats is a TIFF."""
    for index, name in enumerate(("cat/1.JPEG", "cat/2.png", "dog/1.webp", "dog/deep/2.gif", "3.bmp")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), (index * 50, 0, 0)).save(path)
    Image.new("RGB", (20, 20)).save(tmp_path / "cat/0.tif")
    return tmp_path


def taken(folder: Path, asked: int | tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Name in the site, label, and the source file with the same content."""
    files = {path.read_bytes(): path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    samples = own_samples(find_images(folder), asked, LABELS)
    assert not any(sample.drawn for sample in samples)
    return [(sample.file_name, sample.label, files[sample.content]) for sample in samples]


def test_some_of_each_subfolder(folder: Path) -> None:
    assert taken(folder, 9) == [
        ("sample-1.bmp", "", "3.bmp"),
        ("sample-2.jpg", "cat", "cat/1.JPEG"),
        ("sample-3.png", "cat", "cat/2.png"),
        ("sample-4.webp", "dog", "dog/1.webp"),
        ("sample-5.gif", "dog", "dog/deep/2.gif"),
    ]
    assert [file for _, _, file in taken(folder, 3)] == ["3.bmp", "cat/1.JPEG", "dog/1.webp"]


def test_those_that_are_named_in_their_order(folder: Path) -> None:
    assert taken(folder, ("dog/1.webp", "cat/2.png")) == [
        ("sample-1.webp", "dog", "dog/1.webp"),
        ("sample-2.png", "cat", "cat/2.png"),
    ]


def test_ending_is_that_of_the_content(folder: Path) -> None:
    (folder / "cat/2.png").rename(folder / "cat/2.jpg")
    assert taken(folder, ("cat/2.jpg",)) == [("sample-1.png", "cat", "cat/2.jpg")]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("cat/7.jpg",), r"found no picture 'cat/7\.jpg' in it, expected some of 3\.bmp, cat/0\.tif"),
        (("../x.png",), r"found no picture '\.\./x\.png'"),
        (("cat/0.tif",), r"0\.tif: --samples: browsers do not show it; save it as JPEG or PNG"),
    ],
)
def test_what_cannot_be_a_sample(folder: Path, asked: tuple[str, ...], says: str) -> None:
    with pytest.raises(OwnImagesError, match=says):
        own_samples(find_images(folder), asked, LABELS)


def test_no_picture_that_browsers_show(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "a.tif")
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(OwnImagesError, match=r"found no picture that browsers show \(\.avif, \.bmp,"):
        own_samples(find_images(tmp_path), 3, LABELS)


def test_without_pictures() -> None:
    with pytest.raises(InputError, match="add --images DIR"):
        own_samples(None, 3, LABELS)
