"""Files written whole or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from tapegrad.errors import OutputFolderError

__all__ = ["write_whole"]


def write_whole(path: Path, content: str | bytes) -> None:
    """Put `content` into a file; what stood there is replaced in one step, once everything is on the disk.

    A link stays a link. Raises OutputFolderError, and leaves what was there, if it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    unfinished: Path | None = None
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            msg = f"{path} cannot be written: it is not an ordinary file; choose another name"
            raise OutputFolderError(msg)
        unfinished = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.unfinished")
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except OutputFolderError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        msg = f"{path} cannot be written: {reason}; choose a file in a folder you may write to"
        raise OutputFolderError(msg) from None
    finally:  # also of an interrupt
        if unfinished is not None:
            with suppress(OSError, ValueError):
                unfinished.unlink(missing_ok=True)
