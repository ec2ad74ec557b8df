"""An archive that is anything but a plain bundle is refused before a member of it is believed."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.audit import verify
from casetrack.audit.verify import Bad, members
from tests.bundles import files_of, made, manifested, packed, problems, zipped

GOOD = {"manifest.json": b"{}\n", "entries.jsonl": b"x" * 100}
END = 22


@cache
def files() -> Mapping[str, bytes]:
    return files_of(made().ledger)


def test_plain_archives_of_the_standard_library_are_read_packed_or_not() -> None:
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert members(zipped(files().items(), how)) == files()
        assert problems(zipped(files().items(), how)) == []
    assert members(zipped([])) == {}


# Names


@pytest.mark.parametrize(
    "name",
    [
        "x", "entries.jsonl ", "ENTRIES.JSONL", "./entries.jsonl", "../entries.jsonl",
        "/entries.jsonl", "a/../entries.jsonl", "entries.jsonl/", "C:entries.jsonl",
        "history\\x.html", "history/x.html", "history/../verify.py",
        "history/00000000-0000-0000-0000-000000000000.html.exe",
        "definitions/../../etc/passwd", f"definitions/{64 * 'A'}.json", "entries.jsonl\n",
        "éntries.jsonl", "manifest.json.sha256", "__pycache__/verify.pyc", "json.py",
    ],
)  # fmt: skip
def test_a_name_that_no_bundle_has_is_refused(name: str) -> None:
    with pytest.raises(Bad, match="of a name that no bundle has"):
        members(zipped([*GOOD.items(), (name, b"x")]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused() -> None:
    for content in (b"x" * 100, b"other"):
        with pytest.raises(Bad, match=r"entries\.jsonl stands in the archive twice"):
            members(zipped([*GOOD.items(), ("entries.jsonl", content)]))


# What a member is


def item(name: str = "verify.py", mode: int = 0o100600, **changes: object) -> zipfile.ZipInfo:
    made_item = zipfile.ZipInfo(name)
    made_item.create_system = 3
    made_item.external_attr = mode << 16
    for key, value in changes.items():
        setattr(made_item, key, value)
    return made_item


@pytest.mark.parametrize("mode", [0o120777, 0o40700, 0o10600, 0o20600, 0o60600, 0o140600], ids=oct)
@pytest.mark.parametrize("system", [0, 3])
def test_a_link_a_folder_or_a_device_is_refused(mode: int, system: int) -> None:
    found = item(mode=mode, create_system=system)
    with pytest.raises(Bad, match=r"verify\.py is a link, a folder or a device"):
        members(zipped([*GOOD.items(), (found, b"manifest.json")]))


def test_a_folder_by_the_mark_of_dos_is_refused() -> None:
    with pytest.raises(Bad, match="is a link, a folder or a device"):
        members(zipped([(item(external_attr=0x10), b"x")]))


def test_a_plain_mode_of_any_kind_is_read() -> None:
    for mode in (0, 0o600, 0o100644, 0o100777):
        assert members(zipped([(item(mode=mode), b"x")])) == {"verify.py": b"x"}


# Bytes changed by hand. A directory entry starts at its mark; the first member's head at 0.


def patched(raw: bytes, changes: Mapping[int, bytes]) -> bytes:
    changed = bytearray(raw)
    for at, data in changes.items():
        changed[at : at + len(data)] = data
    return bytes(changed)


def both(raw: bytes, local: int, central: int, data: bytes) -> bytes:
    """The same field in the first member's head and in its entry in the directory."""
    return patched(raw, {local: data, raw.find(b"PK\1\2") + central: data})


def short(number: int) -> bytes:
    return struct.pack("<H", number)


def long(number: int) -> bytes:
    return struct.pack("<L", number)


@pytest.mark.parametrize("flags", [1, 8, 0x20, 0x40, 0x2000, 0x801])
def test_an_encrypted_or_streamed_member_is_refused(flags: int) -> None:
    raw = zipped(GOOD.items())
    with pytest.raises(Bad, match="is encrypted, split, or packed in a way that no bundle is"):
        members(both(raw, 6, 8, short(flags)))


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 95, 99])
def test_a_packing_that_no_bundle_has_is_refused(method: int) -> None:
    raw = zipped(GOOD.items())
    with pytest.raises(Bad, match="packed in a way that no bundle is"):
        members(both(raw, 8, 10, short(method)))


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packers_are_refused(how: int) -> None:
    with pytest.raises(Bad, match="packed in a way that no bundle is"):
        members(zipped(GOOD.items(), how))


@pytest.mark.parametrize(
    ("local", "central", "width"), [(4, 6, 2), (6, 8, 2), (8, 10, 2), (10, 12, 2), (12, 14, 2),
                                    (14, 16, 4), (18, 20, 4), (22, 24, 4), (26, 28, 2)],
)  # fmt: skip
def test_a_head_that_says_other_than_the_directory_is_refused(
    local: int, central: int, width: int
) -> None:
    """Two readers of one archive must not see two contents."""
    raw = zipped(GOOD.items())
    for at in (local, raw.find(b"PK\1\2") + central):
        with pytest.raises(Bad):
            members(patched(raw, {at: bytes([raw[at] ^ 1, *raw[at + 1 : at + width]])}))


@pytest.mark.parametrize(("at", "width"), [(30, 2), (32, 2), (34, 2)])
def test_an_extra_field_a_comment_or_another_disk_is_refused(at: int, width: int) -> None:
    raw = zipped(GOOD.items())
    with pytest.raises(Bad):
        members(patched(raw, {raw.find(b"PK\1\2") + at: (1).to_bytes(width, "little")}))


@pytest.mark.parametrize("extra", [b"\1\0\x10\0" + bytes(16), b"UT\5\0\3" + bytes(4)])
def test_extra_fields_are_refused_that_of_large_archives_too(extra: bytes) -> None:
    with pytest.raises(Bad):
        members(zipped([(item(extra=extra), b"x")]))


def test_a_member_with_a_comment_is_refused() -> None:
    with pytest.raises(Bad, match="in a way that no bundle is"):
        members(zipped([(item(comment=b"see also"), b"x")]))


# Where things stand


@pytest.mark.parametrize("junk", [b"\0", b"#!/bin/sh\n", b"PK\3\4", b"PK\5\6" + bytes(18)])
def test_junk_before_between_or_after_is_refused(junk: bytes) -> None:
    raw = zipped(GOOD.items())
    directory = raw.find(b"PK\1\2")
    for at in (0, raw.find(b"PK\3\4", 1), directory, len(raw) - END, len(raw)):
        with pytest.raises(Bad):
            members(raw[:at] + junk + raw[at:])


def moved(raw: bytes, before: bytes) -> bytes:
    """Something before the first member, every offset told anew."""
    at = raw.find(b"PK\1\2")
    changes = {len(raw) - 6: long(at + len(before))}
    while raw[at : at + 4] == b"PK\1\2":
        offset = int.from_bytes(raw[at + 42 : at + 46], "little")
        changes[at + 42] = long(offset + len(before))
        at += 46 + int.from_bytes(raw[at + 28 : at + 30], "little")
    return before + patched(raw, changes)


def test_a_program_in_front_of_an_archive_that_still_holds_is_refused() -> None:
    raw = moved(zipped(GOOD.items()), b"#!/bin/sh\nexit 0\n")
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        assert archive.read("manifest.json") == b"{}\n"
    with pytest.raises(Bad):
        members(raw)


def test_members_that_share_their_bytes_are_refused() -> None:
    raw = zipped(GOOD.items())
    second = raw.find(b"PK\1\2", raw.find(b"PK\1\2") + 1)
    with pytest.raises(Bad):
        members(patched(raw, {second + 42: long(0)}))


def test_a_member_that_the_directory_leaves_out_is_refused() -> None:
    raw = zipped(GOOD.items())
    first = raw.find(b"PK\1\2")
    second = raw.find(b"PK\1\2", first + 1)
    kept = raw[:first] + raw[second:]
    end = len(kept) - END
    changes = {end + 8: short(1), end + 10: short(1), end + 12: long(end - first)}
    with pytest.raises(Bad):
        members(patched(kept, changes))


def test_an_archive_that_says_it_is_large_is_refused() -> None:
    """The marks of the 64-bit form, with or without its own directory."""
    raw = zipped(GOOD.items())
    end = len(raw) - END
    for at, data in ((8, short(0xFFFF)), (12, long(0xFFFFFFFF)), (16, long(0xFFFFFFFF))):
        with pytest.raises(Bad):
            members(patched(raw, {end + at: data, end + 10: short(0xFFFF)}))
    larger = b"PK\6\6" + bytes(52) + b"PK\6\7" + bytes(16)
    with pytest.raises(Bad):
        members(raw[:end] + larger + raw[end:])


def test_an_archive_in_parts_or_with_a_comment_is_refused() -> None:
    raw = zipped(GOOD.items())
    end = len(raw) - END
    for at in (4, 6):
        with pytest.raises(Bad):
            members(patched(raw, {end + at: short(1)}))
    with pytest.raises(Bad):
        members(raw[:-2] + short(3) + b"abc")
    for count in (1, 3):
        with pytest.raises(Bad):
            members(patched(raw, {end + 8: short(count), end + 10: short(count)}))


def test_what_is_no_archive_is_refused() -> None:
    for raw in (b"", b"PK", b"x" * 21, b"x" * 1000, b"PK\5\6" + bytes(17)):
        with pytest.raises(Bad):
            members(raw)


# How much


def test_a_member_packed_over_two_hundred_fold_is_refused() -> None:
    for content, fold in ((bytes(range(250)) * 1000, 150), (bytes(1_000_000), 900)):
        raw = zipped([("verify.py", content)], zipfile.ZIP_DEFLATED)
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            info = archive.infolist()[0]
        assert info.file_size > fold * info.compress_size
        if fold < 200:
            assert info.file_size < 200 * info.compress_size
            assert members(raw) == {"verify.py": content}
        else:
            with pytest.raises(Bad, match="packed over 200-fold"):
                members(raw)


def deflated(content: bytes, size: int, check: int) -> bytes:
    """A member that says it is of this size, whatever it is."""
    stream = zlib.compressobj(9, wbits=-15)
    data = stream.compress(content) + stream.flush()
    name = b"verify.py"
    fields = (20, 0, 8, 0, 33, check, len(data), size)
    local = struct.pack("<4s5H3L2H", b"PK\3\4", *fields, len(name), 0) + name + data
    central = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *fields, len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    content = bytes(range(256)) * 40_000
    honest = deflated(content[:1000], 1000, zlib.crc32(content[:1000]))
    assert len(members(honest)["verify.py"]) == 1000
    for size in (0, 1, 1000, len(content) - 1, len(content) + 1):
        with pytest.raises(Bad):
            members(deflated(content, size, zlib.crc32(content[:size])))


def test_over_256_mebibytes_in_all_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert verify.MOST_BYTES == 256 * 1024 * 1024
    monkeypatch.setattr(verify, "MOST_BYTES", 1000)
    half = bytes(range(250)) * 2
    assert members(zipped([("verify.py", half), ("README.txt", half[:200])]))
    for rest in (half[:-1] + b"x", half + b"x"):
        files = [("verify.py", half), ("README.txt", rest)]
        with pytest.raises(Bad, match="over 256 MiB"):
            members(zipped(files))
    packed_small = zipped([("verify.py", half), ("README.txt", half + b"x")], zipfile.ZIP_DEFLATED)
    with pytest.raises(Bad, match="over 256 MiB"):
        members(packed_small)


# Anything at all


@given(st.binary(max_size=400))
def test_no_bytes_end_in_anything_but_a_verdict(raw: bytes) -> None:
    assert problems(raw)


@given(st.data())
def test_no_member_ends_in_anything_but_a_verdict(data: st.DataObject) -> None:
    """Also under a manifest made anew, and of JSON of any kind."""
    name = data.draw(st.sampled_from(sorted(files())))
    content = files()[name]
    at = data.draw(st.integers(0, len(content)))
    text = data.draw(st.sampled_from([b"", b"[]", b"{}", b"null", b"\n", b'"', b"-1", b"\xff"]))
    more = data.draw(st.integers(0, 40))
    changed = {**files(), name: content[:at] + text + content[at + more :]}
    if not name.startswith("manifest"):
        changed = manifested(changed)
    raw = packed(changed)
    with suppress(Bad, *verify.MALFORMED):
        found = verify.Bundle(raw)
        if not list(found.problems()):
            list(verify.report(found, verify.Outside(None, None)))
