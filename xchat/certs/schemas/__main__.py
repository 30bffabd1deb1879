"""Write every verb's schema, and throw away those of verbs that are no more."""

from __future__ import annotations

from pathlib import Path

from xchat.certs.schemas import SHAPES, file_of, make_schema


def write_all(folder: Path) -> None:
    """Write the schemas into a folder."""
    wanted = {file_of(verb): verb for verb in SHAPES}
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, verb in wanted.items():
        (folder / name).write_text(make_schema(verb), "utf-8")


if __name__ == "__main__":
    write_all(Path(__file__).parent)
