"""The command line. Each command is a few lines: read settings, call the part, say what happened.

Exit codes: 0 done, 1 it ran and did not succeed (a target missed, a hole found), 2 it could not
start (a setting, a file, a port).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from core import log, settings
from core.errors import TilkaldError
from core.signals import Level
from tilkald import steadiness
from tilkald.commands import try_out as trying

app = typer.Typer(
    name="tilkald",
    help="Staff alarms: a press reaches the nearest colleague, and widens until a person answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="A TOML file; TILKALD_* in the environment wins.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable lines.")]
devices = typer.Typer(help="The devices of a running service.", no_args_is_help=True)
app.add_typer(devices, name="devices")

Folder = Annotated[Path, typer.Argument(help="A site's folder of files, e.g. config/example.")]

_err = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """The console script."""
    steadiness.loading()
    try:
        app()
    except TilkaldError as error:
        _err.print(f"tilkald: {error}", style="red", markup=False)
        sys.exit(2)


@app.command()
def serve(settings_file: SettingsFile = None, as_json: AsJson = False) -> None:
    """Gateway, dispatcher and console in one process."""
    from tilkald.commands import serve as serving

    log.set_up(as_json=as_json)
    _run(serving.serve(settings.load(settings_file), as_json=as_json))


@app.command()
def gateway(
    new_token: Annotated[
        bool, typer.Option("--new-token", help="Make a token and its digest, nothing else.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="How the gateway on this machine stands.")
    ] = False,
    settings_file: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """The lines of one house, handed over to a dispatcher on another machine."""
    from tilkald.commands import gateway as gatewaying

    if new_token:
        gatewaying.new_token()
        return
    loaded = settings.load(settings_file)
    if status:
        sys.exit(gatewaying.show_status(loaded, as_json=as_json))
    log.set_up(as_json=as_json)
    _run(gatewaying.run(loaded, as_json=as_json))


@app.command()
def run() -> None:
    """Everything at once, to look at: the example site, its simulated staff, the console."""
    from tilkald.commands import serve as serving

    log.set_up(as_json=False, level="warning")
    _run(serving.run_example())


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the alarm is closed.")] = False,
    as_json: AsJson = False,
) -> None:
    """One simulated alarm, told step by step, on a private service."""
    _run(trying.demo(once=once, as_json=as_json))


@app.command()
def press(
    person: Annotated[str, typer.Argument(help="The person's id, e.g. anna.")],
    level: Annotated[str, typer.Option(help=f"One of: {', '.join(Level)}.")] = "red",
    settings_file: SettingsFile = None,
) -> None:
    """Press that person's simulated device of a running service, over real MQTT."""
    from tilkald.commands import serve as serving

    _run(trying.press(serving.of_running(settings.load(settings_file)), person, level))


@app.command()
def drill(
    scenario: Annotated[
        list[str] | None, typer.Argument(help="Names or files, e.g. one-press; all unless given.")
    ] = None,
    against: Annotated[str, typer.Option(help="A running service instead of a private one.")] = "",
    token_file: Annotated[Path | None, typer.Option(help="Its staff token.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report for people.")] = None,
    as_json: AsJson = False,
) -> None:
    """Scenarios over the real transports; exit 1 if a target is missed."""
    _run(trying.drill(scenario or [], against, token_file, html, as_json=as_json))


@app.command()
def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 1,
    days: Annotated[float, typer.Option(help="Simulated days.")] = 1.0,
    folder: Annotated[Path | None, typer.Argument(help="A site; the example unless given.")] = None,
) -> None:
    """The seeded world: every law checked after every event."""
    sys.exit(trying.simulate(seed, days, folder))


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="One measurement by its name, e.g. devices.")] = "",
    only: Annotated[str, typer.Option(help="The same, as an option.")] = "",
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("bench.json"),
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and smaller.")] = False,
    against: Annotated[str, typer.Option(help="A commit to compare with, in turns.")] = "",
    runs: Annotated[int, typer.Option(help="Of each version; 0: as each needs.", min=0)] = 0,
    check: Annotated[bool, typer.Option("--check", help="Exit 1 when a row got slower.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the alarm path; prints a table, writes JSON, says on what machine."""
    wanted = what or only
    _run(trying.bench(wanted, against, runs, out, quick=quick, check=check, as_json=as_json))


@app.command()
def decode(
    protocol: Annotated[str, typer.Argument(help="A name of --list, e.g. espa444.")] = "",
    frames: Annotated[
        list[str] | None,
        typer.Argument(help="Raw frames; else JSON lines on standard input."),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Name every protocol.")] = False,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the protocol, e.g. key=…")
    ] = None,
    at: Annotated[
        datetime | None, typer.Option(help="What the clock shows, UTC, for recorded frames.")
    ] = None,
) -> None:
    """Raw frames of a device protocol: one JSON line each, with the reply after the commit."""
    from tilkald.commands import decode as decoding

    if listed:
        for line in decoding.listing():
            typer.echo(line)
        return
    wall = None if at is None else at.replace(tzinfo=at.tzinfo or UTC)
    settings_given = decoding.settings_of(setting or [])
    decoder = decoding.Decoder(decoding.family(protocol), settings_given, wall)
    for line in decoding.lines(decoder, frames or [], sys.stdin):
        typer.echo(line)
        sys.stdout.flush()


@devices.command()
def scan(settings_file: SettingsFile = None, as_json: AsJson = False) -> None:
    """What speaks on the lines and is not registered, with its newest message."""
    from tilkald.commands import scan as scanning
    from tilkald.commands import serve as serving

    _run(scanning.scan(serving.of_running(settings.load(settings_file)), as_json=as_json))


@devices.command()
def register(
    wire: Annotated[str, typer.Argument(help="As `scan` shows it, e.g. espa444:0815.")],
    id: Annotated[str, typer.Argument(help="Its name in the files, e.g. room-12.")],
    zone: Annotated[str | None, typer.Option(help="The place it hangs at.")] = None,
    person: Annotated[str | None, typer.Option(help="Who wears it.")] = None,
    kind: Annotated[str, typer.Option(help="call_point, pendant, fixed_button, …")] = "call_point",
    settings_file: SettingsFile = None,
) -> None:
    """Give what `scan` shows a name and a place, in the running service and in its files."""
    from tilkald.commands import scan as scanning
    from tilkald.commands import serve as serving

    device = {"id": id, "kind": kind, "wire": wire, "zone": zone, "person": person}
    _run(scanning.register(serving.of_running(settings.load(settings_file)), device))


@app.command()
def apply(
    folder: Folder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what the files lack.")] = False,
    undo: Annotated[int | None, typer.Option(help="Go back to this version.")] = None,
    settings_file: SettingsFile = None,
) -> None:
    """Load a site's configuration from files, as a new numbered version."""
    from tilkald.commands import configuration as configuring

    loaded = settings.load(settings_file)
    _run(configuring.apply(loaded, folder, dry_run=dry_run, prune=prune, undo=undo))


@app.command()
def export(folder: Folder, settings_file: SettingsFile = None) -> None:
    """Write the configuration back as files."""
    from tilkald.commands import configuration as configuring

    _run(configuring.export(settings.load(settings_file), folder))


@app.command()
def check(folder: Folder) -> None:
    """Find holes before they hurt; exit 1 if there is one that could cost help."""
    from tilkald.commands import configuration as configuring

    sys.exit(configuring.check(folder))


@app.command()
def password(device: Annotated[str, typer.Argument(help="The device's id.")]) -> None:
    """A new password for a device: give it the word, write the digest into devices.toml."""
    from tilkald.commands import configuration as configuring

    configuring.password(device)


@app.command()
def backup(target: Path, settings_file: SettingsFile = None) -> None:
    """An online copy of the store."""
    from tilkald.commands import configuration as configuring

    configuring.backup(settings.load(settings_file), target)


@app.command()
def restore(source: Path, settings_file: SettingsFile = None) -> None:
    """Bring a copy back; open alarms in it are confirmed by a person before anyone is called."""
    from tilkald.commands import configuration as configuring

    configuring.restore(settings.load(settings_file), source)


@app.command()
def confirm(
    close: Annotated[bool, typer.Option("--close", help="They are over: close them.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """After a restore: a person says whether the alarms that were open still are."""
    from tilkald.commands import configuration as configuring

    _run(configuring.confirm(settings.load(settings_file), close=close))


@app.command()
def verify(settings_file: SettingsFile = None) -> None:
    """Check the log's chains; exit 1 if one is broken."""
    from tilkald.commands import configuration as configuring

    _run(configuring.verify(settings.load(settings_file)))


@app.command()
def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only whether it serves.")] = False,
    settings_file: SettingsFile = None,
) -> None:
    """Diagnose an installation: settings, store, site, a running service; what to do about it."""
    from tilkald.commands import configuration as configuring

    _run(configuring.doctor(settings.load(settings_file), quick=quick))


def _run(work: Coroutine[Any, Any, int]) -> None:
    try:
        sys.exit(asyncio.run(work))
    except KeyboardInterrupt:
        sys.exit(130)
