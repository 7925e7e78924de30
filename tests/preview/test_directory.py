"""The places of the page, as they come back after a restart."""

from pathlib import Path

from bot.preview.archive import Archive
from bot.preview.directory import Directory


async def places(path: Path) -> list[int]:
    """The chats in their order, at one start."""
    archive = Archive(path)
    await archive.open()
    directory = Directory(archive)
    await directory.load()
    await archive.settled()
    await archive.close()
    return list(directory.chats)


async def test_places_keep_their_order(tmp_path: Path) -> None:
    """A restart moves nothing on the page."""
    first = await places(tmp_path / "chat.db")
    assert len(first) > 4
    assert await places(tmp_path / "chat.db") == first
