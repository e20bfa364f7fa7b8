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

HERE = pathlib.Path(__file__).parent
PEERS = ("duckdb", "polars", "chdb", "datafusion")
SOURCES = ("aws", "azure", "anthropic", "gateway")

# What peer.py says in the words of each peer, in those of Outlay. Each source has its files in a folder without versions, so that
# every engine reads the same ones.
CONFIG = """[privacy]
principals = "names"
""" + "".join(f'\n[sources.{source}]\npath = "{source}"\n' for source in SOURCES) + """
[tables.work_files]
path = "outcomes"
"""
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


def generate(outlay, folder, rows):
    """The files that count of a sample company of `rows` charges, once."""
    made = folder / "outlay.toml"
    if made.exists():
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
    (folder / "queries").mkdir()
    for name, sql in VIEWS.items():
        (folder / "queries" / f"{name}.sql").write_text(sql)
    made.write_text(CONFIG)


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


def engines(arguments):
    """The engines that are there, with their versions; the others are named."""
    found, missing = {}, []
    version = subprocess.run([arguments.outlay, "--version"], check=True, capture_output=True, text=True).stdout
    found["outlay"] = version.split()[1]
    for peer in arguments.peers:
        asked = subprocess.run([sys.executable, HERE / "peer.py", peer], capture_output=True, text=True)
        if asked.returncode == 0:
            found[peer] = asked.stdout.strip()
        else:
            missing.append(peer)
    return found, missing


def compare(arguments, found, folder, query):
    """Medians of seconds, CPU seconds and bytes by engine for one query, and what went wrong."""
    def command(engine):
        if engine == "outlay":
            return [arguments.outlay, "-C", str(folder), "--format", "json", *arguments.options, "-f", str(query)]
        return [sys.executable, str(HERE / "peer.py"), engine, str(folder), str(query)]

    runs, wrong, expected = {engine: [] for engine in found}, {}, None
    # The first round warms the file cache, and tells whether the answers agree.
    for turn in range(arguments.runs + 1):
        for engine in [engine for engine in found if engine not in wrong]:
            try:
                output, *spent = measured(command(engine))
            except Failed as failed:
                wrong[engine] = str(failed)
                continue
            if turn > 0:
                runs[engine].append(spent)
                continue
            rows = rows_of(engine, output)
            expected = rows if expected is None else expected
            difference = first_difference(expected, rows)
            if difference:
                wrong[engine] = f"another answer: {difference}"
    medians = {
        engine: [statistics.median(column) for column in zip(*spent)] for engine, spent in runs.items() if engine not in wrong
    }
    return medians, wrong


def machine():
    cpu = "a CPU"
    if os.path.exists("/proc/cpuinfo"):
        names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} threads, {platform.system()} {platform.machine()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="charges (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="measured rounds (default: %(default)s)")
    parser.add_argument("--outlay", default="target/release/outlay", help="the binary (default: %(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("target/peers"), help="where the files go")
    parser.add_argument("--only", nargs="*", help="names of queries")
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=PEERS)
    parser.add_argument("--options", nargs="*", default=[], help="for Outlay, such as --options=--without=all")
    arguments = parser.parse_args()
    arguments.outlay = str(pathlib.Path(arguments.outlay).resolve())
    folder = (arguments.folder / str(arguments.rows)).resolve()
    generate(arguments.outlay, folder, arguments.rows)
    found, missing = engines(arguments)
    queries = [path for path in sorted((HERE / "queries").glob("*.sql")) if not arguments.only or path.stem in arguments.only]

    print(f"{arguments.rows} charges, median of {arguments.runs} alternating runs of whole processes, warm files")
    print(f"{machine()}, {date.today()}; " + ", ".join(f"{engine} {version}" for engine, version in found.items()))
    for peer in missing:
        print(f"{peer} is not installed: pip install {peer}")
    print()
    print("| query | " + " | ".join(found) + " |")
    print("|---" * (len(found) + 1) + "|")
    ratios, failures = {engine: [] for engine in found}, []
    for query in queries:
        medians, wrong = compare(arguments, found, folder, query)
        failures += [f"{query.stem}: {engine}: {reason}" for engine, reason in wrong.items()]
        cells = []
        for engine in found:
            if engine not in medians:
                cells.append("none")
                continue
            seconds, cpu, peak = medians[engine]
            cells.append(f"{seconds:.2f} s, {cpu:.2f} CPU, {peak / 2**20:.0f} MiB")
            if "duckdb" in medians:
                ratios[engine].append([ours / base for ours, base in zip(medians[engine], medians["duckdb"])])
        print(f"| {query.stem} | " + " | ".join(cells) + " |", flush=True)
    print()
    for engine, values in ratios.items():
        if values and engine != "duckdb":
            seconds, cpu, peak = (statistics.geometric_mean(column) for column in zip(*values))
            print(f"{engine}: {seconds:.2f} of DuckDB's time, {cpu:.2f} of its CPU seconds, {peak:.2f} of its peak memory "
                  f"(geometric means of {len(values)} queries)")
    for failure in failures:
        print(f"none: {failure}")
    if any(": outlay: " in failure for failure in failures):
        sys.exit(1)


main()
