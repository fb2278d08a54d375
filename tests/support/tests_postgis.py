"""A PostGIS server of one's own for a while: a new cluster in a folder, reached through a socket in it."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_OPTIONS = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def server_commands() -> Path:
    """Where Debian keeps the commands of the newest PostgreSQL server that has PostGIS."""
    versions = [int(path.parts[-3]) for path in Path("/usr/share/postgresql").glob("*/extension/postgis.control")]
    return Path(f"/usr/lib/postgresql/{max(versions)}/bin")


@dataclass(frozen=True)
class Cluster:
    """A running server; `user` owns everything in it."""

    folder: Path
    user: str

    def sql(self, script: str, *, database: str = "postgres") -> str:
        """Run a script and return what it selects: a line for a row, unaligned."""
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", self.user, database]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout

    def address(self, schema: str) -> str:
        """The place of a twin in this server."""
        return f"postgresql://{self.user}@/postgres?host={self.folder}&schema={schema}"

    def load(self, table: str, lines: str, *, database: str = "postgres") -> None:
        """Fill a table from lines in the text format of COPY."""
        self.sql(f"COPY {table} FROM STDIN;\n{lines}\\.\n", database=database)


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Start a server whose data and socket live in a folder for temporary files, and stop it in the end.

    PostgreSQL refuses to run as root, so root starts it as nobody; who could not enter the folders of pytest.
    """
    commands = server_commands()
    root = os.geteuid() == 0
    user = "nobody" if root else pwd.getpwuid(os.geteuid()).pw_name
    account = pwd.getpwnam(user)
    as_user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"] if root else []

    def run(command: str, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        line = [*as_user, str(commands / command), *arguments]
        done = subprocess.run(line, cwd="/", env=environment, capture_output=True, text=True, check=False)
        assert not done.returncode, f"{command}: {done.stderr}{done.stdout}"

    with TemporaryDirectory(prefix="postgis-") as name:
        folder = Path(name)
        if root:
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = str(folder / "data")
        run("initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", f"-k {folder} {_OPTIONS}", "-w", "start")
        try:
            yield Cluster(folder=folder, user=user)
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
