"""What lies around a project: what the second run of a step may read, and never a user's secrets."""

from __future__ import annotations

from pathlib import Path

from wbuild.doors.grounds import Grounds, secret_places


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def opened(folder: Path, root: str, *closed: str) -> set[str]:
    around = Grounds(root=str(folder / root), closed=tuple(str(folder / name) for name in closed)).parents()
    return {Path(path).relative_to(folder).as_posix() for path in around if Path(path).is_relative_to(folder)}


def test_a_project_in_a_home_sees_no_dot_files_and_no_folders_of_it(tmp_path: Path) -> None:
    made(tmp_path, "home/me/.ssh/id", "home/me/.netrc", "home/me/.aws/credentials", "home/me/.config/gh/hosts.yml", "home/me/notes/diary")
    made(tmp_path, "home/me/go.work", "home/me/.cargo/config.toml", "home/me/.cargo/credentials.toml", "home/me/.npmrc", "home/you/x")
    made(tmp_path, "home/me/work/shop/wbuild.toml", "home/me/work/shop/x", "home/me/work/shared/x.h", "home/me/work/.env")
    seen = opened(tmp_path, "home/me/work/shop", "home/me")
    assert seen == {"home/me/work/shared", "home/me/go.work", "home/me/.cargo/config.toml"}


def test_up_to_the_end_of_its_repository_folders_are_open(tmp_path: Path) -> None:
    made(
        tmp_path,
        "repo/.git/config",
        "repo/.env",
        "repo/libs/x",
        "repo/apps/one/wbuild.toml",
        "repo/apps/two/x",
        "repo/Cargo.toml",
        "other/x",
    )
    assert opened(tmp_path, "repo/apps/one") == {"repo/libs", "repo/apps/two", "repo/Cargo.toml"}


def test_links_and_what_holds_a_home_stay_closed(tmp_path: Path) -> None:
    made(tmp_path, "a/home/.ssh/id", "a/data/key", "a/p/wbuild.toml", "a/lib/x")
    (tmp_path / "a/again").symlink_to("p")
    (tmp_path / "a/keys").symlink_to("home/.ssh")
    assert opened(tmp_path, "a/p", "a/home", "a/data/key") == {"a/lib"}


def test_a_repository_is_open_without_what_may_hold_passwords(tmp_path: Path) -> None:
    made(tmp_path, "p/.git/config", "p/.git/HEAD", "p/.git/refs/heads/main", "p/.git/modules/x/config")
    around = Grounds(root=str(tmp_path / "p"), closed=())
    assert {Path(path).name for path in around.repository()} == {"HEAD", "refs"}


def test_secret_places_are_homes_and_what_variables_of_clients_name(tmp_path: Path) -> None:
    places = secret_places(
        {"HOME": str(tmp_path), "CARGO_HOME": "/opt/cargo", "NPM_TOKEN": "abc", "HTTP_PROXY": "http://x/", "TMPDIR": "/"}
    )
    assert {str(tmp_path.resolve()), "/opt/cargo", "/root"} <= {*places}
    assert "/" not in places
