"""The signature of a site's manifest: its coverage, and refusal of everything else."""

import hashlib
import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.conftest import run_build, tree
from tests.keys import KeyPair, encoded, read_signature, resigned, signed_copy, write_pair
from tests.patience import PATIENCE
from torch2web.errors import SignatureError
from torch2web.site.manifest.layout import MANIFEST, SUMS, read_sums
from torch2web.site.recheck.site_check import recheck
from torch2web.site.replace import require_replaceable
from torch2web.site.signing.keys import PublicKey, SigningKey
from torch2web.site.signing.signature import SIGNATURE, check_signature, sign_manifest


def check(site: Path, pair: KeyPair) -> str:
    return check_signature(site, PublicKey.read(pair.public))


def refused(site: Path, pair: KeyPair) -> str:
    with pytest.raises(SignatureError) as caught:
        check(site, pair)
    assert caught.value.exit_code == 1
    assert caught.value.path == SIGNATURE
    return caught.value.problem


LISTINGS = {"_headers", "vercel.json", "offline.js", "offline.js.br", "offline.js.gz"}


def test_signed_builds_differ_in_the_signature_and_what_lists_it(
    small_site: Path, tmp_path: Path, cache: Path, pair: KeyPair
) -> None:
    site = tmp_path / "site"
    trees = [tree(small_site)]
    for _ in range(2):  # the second replaces the first, so that the build knows all files there
        build = ("--only", "mobilenet_emotion", "--variants", "all", "--out", site, "--cache", cache)
        result = run_build(*build, "--sign", pair.private)
        assert result.returncode == 0, result.stderr
        assert f"signed with {pair.private}" in result.stdout
        trees.append(tree(site))
    unsigned, first, second = trees
    assert first.pop(SIGNATURE) != second.pop(SIGNATURE)
    assert len({sums.pop(SUMS) for sums in trees}) == 3
    for signed in (first, second):
        forms = {name for name in signed if name.startswith(f"{SIGNATURE}.")}
        assert {name.removeprefix(SIGNATURE) for name in forms} <= {".br", ".gz"}
        others = {name: content for name, content in signed.items() if name not in forms}
        assert sorted(others) == sorted(unsigned)
        differing = {name for name, content in others.items() if content != unsigned[name]}
        assert differing <= LISTINGS, "what lists the files of the site knows of one more"


def test_verify_says_what_it_checked(small_site: Path, site: Path, pair: KeyPair, tmp_path: Path) -> None:
    unsigned = run_build("verify", small_site)
    assert (unsigned.returncode, "signed" in unsigned.stdout) == (0, False)
    unchecked = run_build("verify", site)
    assert unchecked.returncode == 0
    assert f"{MANIFEST} is signed, which was not checked: --public-key KEY does" in unchecked.stdout
    checked = run_build("verify", site, "--public-key", pair.public)
    assert checked.returncode == 0, checked.stderr
    assert f"{MANIFEST} is signed with the private key of {pair.public}" in checked.stdout
    other = write_pair(tmp_path / "other")
    wrong = run_build("verify", site, "--public-key", other.public)
    assert wrong.returncode == 1
    assert "it was made with another key" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert "is signed" not in wrong.stdout
    missing = run_build("verify", small_site, "--public-key", pair.public)
    assert missing.returncode == 1
    assert f"{SIGNATURE}: there is none" in missing.stderr


def test_wrong_options(tmp_path: Path, pair: KeyPair) -> None:
    target = tmp_path / "site"
    result = run_build("--out", target, "--sign", pair.public)
    assert result.returncode == 2
    assert "found a public key, expected a private key" in result.stderr
    assert not target.exists()
    result = run_build("verify", target, "--public-key", pair.private)
    assert result.returncode == 2
    assert "found the private key, expected a public key" in result.stderr
    assert run_build("--sign", pair.private, "verify", target).returncode == 2


def test_signature_is_one_of_the_sites_files(site: Path, cache: Path) -> None:
    assert read_sums(site)[0][SIGNATURE] == hashlib.sha256((site / SIGNATURE).read_bytes()).hexdigest()
    require_replaceable(site)
    assert f"{MANIFEST}.sig" == SIGNATURE
    assert recheck(site, lambda *_: None).problems == ()


def test_what_is_signed(site: Path, pair: KeyPair) -> None:
    """With cryptography alone: the digest of the list of digests, which has the manifest's only."""
    payload, der = read_signature(site)
    pair.key.public_key().verify(der, encoded(payload), ec.ECDSA(SHA256()))
    statement = json.loads(payload)
    digest = hashlib.sha256((site / MANIFEST).read_bytes())
    whole = hashlib.sha256(digest.digest()).hexdigest()
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    assert statement["subject"] == [{"name": "model_info.json", "digest": {"sha256": whole}}]
    resource = {"name": ".", "algorithm": "sha256", "digest": digest.hexdigest()}
    assert statement["predicate"]["resources"] == [resource]
    assert str(site.parent).encode() not in payload


def test_model_signings_own_command_agrees(site: Path, pair: KeyPair, tmp_path: Path) -> None:
    def run(public: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "model_signing", "verify", "key", "--public_key", str(public)]
        command += ["--signature", str(site / SIGNATURE), str(site / MANIFEST)]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert run(pair.public).returncode == 0
    assert run(write_pair(tmp_path / "other").public).returncode != 0
    (site / MANIFEST).write_bytes((site / MANIFEST).read_bytes() + b"\n")
    assert run(pair.public).returncode != 0


def test_signature_by_model_signings_own_command(site: Path, pair: KeyPair) -> None:
    (site / SIGNATURE).unlink()
    command = [sys.executable, "-m", "model_signing", "sign", "key", "--private_key", str(pair.private)]
    command += ["--signature", str(site / SIGNATURE), str(site / MANIFEST)]
    subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    assert "is signed with" in check(site, pair)


def test_no_network(small_site: Path, tmp_path: Path, pair: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*arguments: object, **options: object) -> None:
        raise AssertionError("signing with a key must not ask anybody")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert "is signed with" in check(signed_copy(small_site, tmp_path / "site", pair), pair)


def test_other_key(site: Path, tmp_path: Path) -> None:
    assert "it was made with another key: found one with SHA-256" in refused(site, write_pair(tmp_path / "b"))


def test_forged_signature_under_the_right_keys_name(site: Path, pair: KeyPair, tmp_path: Path) -> None:
    (site / SIGNATURE).write_bytes(resigned(site, write_pair(tmp_path / "forger")))
    assert refused(site, pair) == "it was changed after it was made; sign again"


def test_changed_manifest(site: Path, pair: KeyPair) -> None:
    (site / MANIFEST).write_bytes((site / MANIFEST).read_bytes() + b" ")
    assert f"it signs another {MANIFEST}: found digest " in refused(site, pair)


def test_missing_manifest(site: Path, pair: KeyPair) -> None:
    (site / MANIFEST).unlink()
    assert "the signed file cannot be read" in refused(site, pair)


def test_signature_of_another_manifest(small_site: Path, site: Path, pair: KeyPair, tmp_path: Path) -> None:
    other = Path(shutil.copytree(small_site, tmp_path / "other"))
    (other / MANIFEST).write_text("{}")
    sign_manifest(other, SigningKey.read(pair.private))
    assert "is signed with" in check(other, pair)
    shutil.copy(other / SIGNATURE, site / SIGNATURE)
    assert f"it signs another {MANIFEST}" in refused(site, pair)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b'"text"', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"dsseEnvelope": 7}'],
    ids=lambda content: content[:20].decode(errors="replace"),
)
def test_what_is_no_signature(site: Path, pair: KeyPair, content: bytes) -> None:
    (site / SIGNATURE).write_bytes(content)
    assert "it is no signature that model-signing makes" in refused(site, pair)


def test_truncated(site: Path, pair: KeyPair) -> None:
    content = (site / SIGNATURE).read_bytes()
    for length in range(0, len(content), 101):
        (site / SIGNATURE).write_bytes(content[:length])
        assert "it is no signature" in refused(site, pair)


def test_any_changed_byte(site: Path, pair: KeyPair) -> None:
    """Refused with this package's error, unless the byte has no meaning, as that of an empty list."""
    original, content = read_signature(site), (site / SIGNATURE).read_bytes()
    refusals = 0
    for place in range(0, len(content), 3):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        (site / SIGNATURE).write_bytes(changed)
        try:
            check(site, pair)
        except SignatureError:
            refusals += 1
        else:
            assert read_signature(site) == original
    assert refusals > len(content) / 3 * 0.9


def test_payloads_that_are_signed_and_no_models(site: Path, pair: KeyPair) -> None:
    statement = json.loads(read_signature(site)[0])
    subjects = statement["subject"] * 2
    payloads: list[object] = [
        {},
        [],
        {**statement, "predicateType": "other"},
        {**statement, "subject": subjects},
    ]
    for payload in payloads:
        (site / SIGNATURE).write_bytes(resigned(site, pair, json.dumps(payload).encode()))
        assert refused(site, pair)


def test_without_key_or_signature(small_site: Path, site: Path, pair: KeyPair) -> None:
    assert check_signature(small_site, None) == ""
    assert "was not checked" in check_signature(site, None)
    assert "there is none, expected one" in refused(small_site, pair)
