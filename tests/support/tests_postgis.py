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

_OPTIONS = "-c listen_addresses= -c fsync=off -c full_page_writes=off"


def server_commands() -> Path:
    """Where Debian keeps the commands of the newest PostgreSQL server that has PostGIS."""
    versions = [int(path.parts[-3]) for path in Path("/usr/share/postgresql").glob("*/extension/postgis.control")]
    return Path(f"/usr/lib/postgresql/{max(versions)}/bin")


@dataclass(frozen=True)
class Cluster:
    """A server; `user` owns everything in it."""

    folder: Path
    user: str

    def sql(self, script: str, *, database: str = "postgres", user: str | None = None) -> str:
        """Run a script and return what it selects: a line for a row, unaligned."""
        done = self.psql(script, database=database, user=user)
        assert not done.returncode, done.stderr
        return done.stdout

    def psql(
        self, script: str, *, database: str = "postgres", user: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a script that may be refused."""
        command = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", user or self.user, database]
        return subprocess.run(command, input=script, capture_output=True, text=True, check=False)

    def load(self, table: str, lines: str, *, database: str = "postgres") -> None:
        """Fill a table from lines in the text format of COPY."""
        self.sql(f"COPY {table} FROM STDIN;\n{lines}\\.\n", database=database)

    def address(self, schema: str, *, database: str = "postgres", user: str | None = None, secret: str = "") -> str:
        """Where the twin in a schema is; a secret is the password."""
        who = f"{user or self.user}:{secret}" if secret else user or self.user
        return f"postgresql://{who}@/{database}?host={self.folder}&schema={schema}"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = f"-k {self.folder} {_OPTIONS}"
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-o", options, "-w", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` as if it had crashed, `fast` in good order."""
        self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")

    @property
    def data(self) -> Path:
        """The data of the cluster."""
        return self.folder / "data"

    def run(self, command: str, *arguments: str) -> None:
        """Run a command of the server as the user that owns it."""
        account = pwd.getpwnam(self.user)
        ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        as_user = ["setpriv", *ids] if os.geteuid() == 0 else []
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        line = [*as_user, str(server_commands() / command), *arguments]
        done = subprocess.run(line, cwd="/", env=environment, capture_output=True, text=True, check=False)
        assert not done.returncode, f"{command}: {done.stderr}{done.stdout}"

    def own_folder(self, name: str) -> Path:
        """Make a folder that the server may use."""
        account, place = pwd.getpwnam(self.user), self.folder / name
        place.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(place, account.pw_uid, account.pw_gid)
        return place

    @contextmanager
    def small_disk(self, size: str) -> Iterator[Path]:
        """A folder for the server on a file system of its own, with so much room; only where one may mount."""
        place, account = self.own_folder("small_disk"), pwd.getpwnam(self.user)
        options = f"size={size},mode=700,uid={account.pw_uid},gid={account.pw_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)

    @contextmanager
    def replica(self) -> Iterator[Cluster]:
        """A second server that follows this one and can only be read."""
        with _folder(self.user) as folder:
            other = Cluster(folder=folder, user=self.user)
            source = ["-h", str(self.folder), "-U", self.user, "-D", str(other.data)]
            self.run("pg_basebackup", *source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
            other.start()
            try:
                yield other
            finally:
                other.stop()


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Start a server whose data and socket live in a folder for temporary files, and stop it in the end.

    PostgreSQL refuses to run as root, so root starts it as nobody; who could not enter the folders of pytest.
    """
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    with _folder(user) as folder:
        cluster = Cluster(folder=folder, user=user)
        cluster.run("initdb", "-D", str(cluster.data), "-U", user, "-A", "trust", "-E", "UTF8", "--no-sync")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="postgis-") as name:
        if os.geteuid() == 0:
            account = pwd.getpwnam(user)
            os.chown(name, account.pw_uid, account.pw_gid)
        yield Path(name)
