"""The same SQL over the same generated files in Outlay and its peers: `python compare.py --help`; README.md says more."""

import argparse
import json
import math
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal, InvalidOperation

from files import SOURCES

HERE = pathlib.Path(__file__).parent
PEERS = ("duckdb", "polars", "chdb", "datafusion")
FLOOR = "decode"

# What peer.py says in the words of each peer, in those of Outlay.
VIEWS = {
    "charges": """SELECT
  ChargePeriodStart AS started_at,
  CAST(date_trunc('day', ChargePeriodStart) AS DATE) AS day,
  CAST(date_trunc('week', ChargePeriodStart) AS DATE) AS week,
  CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
  EffectiveCost AS cost,
  ServiceProviderName AS provider,
  ServiceName AS service,
  PrincipalId AS person,
  Tags ->> 'team' AS team
FROM spend
""",
    "work": """SELECT outcome_id, occurred_at, CAST(date_trunc('month', occurred_at) AS DATE) AS month, team
FROM work_files
""",
}


class Failed(Exception):
    """An engine that gave no answer."""


def measured(command):
    """Standard output, wall seconds, CPU seconds and peak bytes of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # What goes wrong is short: it fits the pipe while standard output is read.
    output = process.stdout.read()
    complaint = process.stderr.read().decode(errors="replace").strip()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status != 0:
        raise Failed(complaint.splitlines()[-1] if complaint else f"status {status}")
    return output, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def project(folder, root="", cache=""):
    """A project in `folder` that reads the files below `root`, with settings of the cache. Each source has its files in a folder
    without versions, so that every engine reads the same ones."""
    (folder / "queries").mkdir(parents=True, exist_ok=True)
    for name, sql in VIEWS.items():
        (folder / "queries" / f"{name}.sql").write_text(sql)
    parts = ['[privacy]\nprincipals = "names"', cache, f'[tables.work_files]\npath = "{root}outcomes"']
    parts += [f'[sources.{source}]\npath = "{root}{source}"' for source in SOURCES]
    (folder / "outlay.toml").write_text("\n\n".join(parts) + "\n")


def generate(outlay, folder, rows):
    """The files that count of a sample company of `rows` charges, once."""
    if (folder / "outlay.toml").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    company = folder / "company"
    subprocess.run([outlay, "demo", str(company), "--rows", str(rows), "-q"], check=True, stdout=subprocess.DEVNULL)
    counted = 'SELECT DISTINCT "x_SourceName", "x_ObjectName" FROM spend'
    for line in subprocess.run(
        [outlay, "-C", str(company), "--format", "tsv", "--no-header", "-c", counted],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines():
        source, object_name = line.split("\t")
        (folder / source).mkdir(exist_ok=True)
        path = pathlib.Path(object_name.removeprefix("file://"))
        os.link(path, folder / source / f"{len(list((folder / source).iterdir())):04}.parquet")
    (folder / "outcomes").mkdir()
    for path in (company / "facts" / "outcomes").rglob("*.parquet"):
        os.link(path, folder / "outcomes" / f"{len(list((folder / 'outcomes').iterdir())):04}.parquet")
    project(folder)


def plain(cell):
    """A cell as all engines say it."""
    if cell is None:
        return None
    text = str(cell)
    try:
        return f"{Decimal(text).normalize():f}"
    except InvalidOperation:
        return text.removesuffix("T00:00:00").removesuffix(" 00:00:00")


def rows_of(engine, output):
    """The rows of an answer, in one order."""
    if engine.startswith("outlay"):
        rows = [list(row.values()) for row in json.loads(output, parse_float=str)]
    else:
        rows = [json.loads(line, parse_float=str) for line in output.decode().splitlines()]
    return sorted(([plain(cell) for cell in row] for row in rows), key=str)


def agree(one, other):
    """Whether two cells are the same. AWS delivers amounts as doubles: Outlay reads the decimal that was meant, the peers the
    binary value, so amounts are held to 12 digits."""
    if one == other or one is None or other is None:
        return one == other
    try:
        return math.isclose(Decimal(one), Decimal(other), rel_tol=1e-12, abs_tol=1e-12)
    except InvalidOperation:
        return False


def first_difference(expected, found):
    """What differs between two answers, in words; nothing when they agree."""
    if len(expected) != len(found):
        return f"{len(found)} rows where outlay has {len(expected)}"
    for one, other in zip(expected, found):
        if len(one) != len(other) or not all(map(agree, one, other)):
            return f"{other} where outlay has {one}"
    return None


def engines(outlay, peers, folder):
    """The engines that are there for the files in `folder`, with their versions, and what is said of the others."""
    found, missing = {}, []
    version = subprocess.run([outlay, "--version"], check=True, capture_output=True, text=True).stdout
    found["outlay"] = version.split()[1]
    for peer in peers:
        asked = subprocess.run([sys.executable, HERE / "peer.py", peer, folder], capture_output=True, text=True)
        if asked.returncode == 0:
            found[peer] = asked.stdout.strip()
        else:
            missing.append(asked.stderr.strip().splitlines()[-1])
    return found, missing


def outlay_command(arguments, folder, query):
    return [arguments.outlay, "-C", str(folder), "--format", "json", *arguments.options, "-f", str(query)]


def peer_command(peer, folder, query):
    return [sys.executable, str(HERE / "peer.py"), peer, str(folder), str(query)]


def compare(engines, runs, run):
    """Medians by engine of what `run` spent in `runs` rounds, and what went wrong. `run` of an engine gives its answer and what it
    spent on it, as a list of numbers."""
    spent, wrong, expected = {engine: [] for engine in engines}, {}, None
    # The first round warms what can be warm, and tells whether the answers agree.
    for turn in range(runs + 1):
        for engine in [engine for engine in engines if engine not in wrong]:
            try:
                output, *numbers = run(engine)
            except Failed as failed:
                wrong[engine] = str(failed)
                continue
            if turn > 0:
                spent[engine].append(numbers)
                continue
            if engine == FLOOR:
                continue
            rows = rows_of(engine, output)
            expected = rows if expected is None else expected
            difference = first_difference(expected, rows)
            if difference:
                wrong[engine] = f"another answer: {difference}"
    medians = {
        engine: [statistics.median(column) for column in zip(*numbers)] for engine, numbers in spent.items() if engine not in wrong
    }
    return medians, wrong


def print_means(answered, engines, base, measures):
    """What each engine spends of what `base` does: geometric means over the queries that both answered."""
    for engine in engines:
        both = [medians for medians in answered if engine in medians and base in medians]
        if engine == base or not both:
            continue
        ratios = zip(*([ours / theirs for ours, theirs, _ in zip(medians[engine], medians[base], measures)] for medians in both))
        shares = ", ".join(f"{statistics.geometric_mean(ratio):.2f} of its {measure}" for ratio, measure in zip(ratios, measures))
        print(f"{engine} to {base}: {shares} (geometric means of {len(both)} queries)")


def machine():
    cpu = "a CPU"
    if os.path.exists("/proc/cpuinfo"):
        names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} threads, {platform.system()} {platform.machine()}"


def parser_of(description, rows, runs, peers):
    """What the command line can say."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=rows, help="charges (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=runs, help="measured rounds (default: %(default)s)")
    parser.add_argument("--outlay", default="target/debug/outlay", help="the binary (default: %(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("target/peers"), help="where the files go")
    parser.add_argument("--only", nargs="*", help="names of queries")
    parser.add_argument("--peers", nargs="*", default=peers, choices=peers)
    parser.add_argument("--options", nargs="*", default=[], help="for Outlay, such as --options=--without=all")
    return parser


def ready(arguments):
    """The folder of the files, made when it is missing, and the queries."""
    arguments.outlay = str(pathlib.Path(arguments.outlay).resolve())
    folder = (arguments.folder / str(arguments.rows)).resolve()
    generate(arguments.outlay, folder, arguments.rows)
    return folder, [path for path in sorted((HERE / "queries").glob("*.sql")) if not arguments.only or path.stem in arguments.only]


def print_setting(what, found, missing):
    print(what)
    print(f"{machine()}, {date.today()}; " + ", ".join(f"{engine} {version}" for engine, version in found.items()))
    for reason in missing:
        print(f"missing: {reason}")
    print()


def print_failures(failures):
    """What went wrong; an error when it was Outlay."""
    for failure in failures:
        print(f"none: {failure}")
    if any(": outlay" in failure for failure in failures):
        sys.exit(1)


def cell(seconds, cpu, peak):
    return f"{seconds:.2f} s, {cpu:.2f} CPU, {peak / 2**20:.0f} MiB"


def main():
    parser = parser_of(__doc__, 10_000_000, 5, PEERS)
    parser.add_argument("--floor", action="store_true", help="also the time it takes only to decode the columns")
    arguments = parser.parse_args()
    folder, queries = ready(arguments)
    found, missing = engines(arguments.outlay, [*arguments.peers, *[FLOOR] * arguments.floor], folder)
    print_setting(
        f"{arguments.rows} charges, median of {arguments.runs} alternating runs of whole processes, warm files", found, missing
    )
    print("| query | " + " | ".join(found) + " |" + " outlay / decode |" * (FLOOR in found))
    print("|---" * (len(found) + 1 + (FLOOR in found)) + "|")
    answered, failures = [], []
    for query in queries:
        def run(engine):
            if engine == "outlay":
                return measured(outlay_command(arguments, folder, query))
            output, seconds, cpu, peak = measured(peer_command(engine, folder, query))
            if engine == FLOOR:
                seconds, cpu = json.loads(output)
            return output, seconds, cpu, peak

        medians, wrong = compare(found, arguments.runs, run)
        answered.append(medians)
        failures += [f"{query.stem}: {engine}: {reason}" for engine, reason in wrong.items()]
        cells = [cell(*medians[engine]) if engine in medians else "none" for engine in found]
        if FLOOR in found:
            cells.append(f"{medians['outlay'][0] / medians[FLOOR][0]:.2f}" if {"outlay", FLOOR} <= medians.keys() else "none")
        print(f"| {query.stem} | " + " | ".join(cells) + " |", flush=True)
    print()
    measures = ("time", "CPU seconds", "peak memory")
    print_means(answered, found, "duckdb", measures)
    print_means(answered, ["outlay"], FLOOR, measures[:2])
    print_failures(failures)


if __name__ == "__main__":
    main()
