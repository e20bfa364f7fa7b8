"""Dashboards over three years, from summary tables and from the charges: `python dashboards.py --help`; README.md says more."""

import pathlib
import statistics
import subprocess
import sys
from datetime import date

from compare import cell, machine, measured, parser_of

MONTHS = 36
QUERIES = ("spend_by_month", "spend_by_provider", "spend_by_service", "spend_by_team")
TABLE = "daily_spend"


def built(outlay, folder, rows):
    """A company of three years with its summary table; gives the months that the table holds."""
    if not (folder / "outlay.toml").exists():
        command = [outlay, "demo", str(folder), "--rows", str(rows), "--months", str(MONTHS), "-q"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([outlay, "-C", str(folder), "build", TABLE, "-q"], check=True, stdout=subprocess.DEVNULL)
    ends = f"SELECT min(month), max(month) FROM (SELECT date_trunc('month', day)::date AS month FROM {TABLE})"
    asked = [outlay, "-C", str(folder), "--format", "tsv", "--no-header", "-c", ends]
    first, last = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.split()
    year, month, _ = last.split("-")
    end = f"{int(year) + int(month) // 12}-{int(month) % 12 + 1:02}-01"
    return f"{first}..{end}"


def main():
    arguments = parser_of(__doc__, 10_000_000, 5, ()).parse_args()
    outlay = str(pathlib.Path(arguments.outlay).resolve())
    folder = (arguments.folder / f"dashboards-{arguments.rows}").resolve()
    period = built(outlay, folder, arguments.rows)
    print(f"{arguments.rows} charges, {period}, median of {arguments.runs} alternating runs of whole processes, warm files")
    print(f"{machine()}, {date.today()}\n")
    print("| query | from the charges | from the summary | times |\n|---|---|---|---|")
    ratios = []
    for query in arguments.only or QUERIES:
        command = [outlay, "-C", str(folder), "run", query, "-p", f"period={period}", *arguments.options]
        ways = {"charges": [*command, "--without", "summaries"], "summary": command}
        runs = {way: [] for way in ways}
        # The first round warms the files and holds the answers against each other; it does not count.
        for turn in range(arguments.runs + 1):
            outputs = []
            for way, asked in ways.items():
                output, *spent = measured(asked)
                outputs.append(output)
                if turn > 0:
                    runs[way].append(spent)
            if outputs[0] != outputs[1]:
                sys.exit(f"{query}: the summary gives another answer")
        medians = {way: [statistics.median(column) for column in zip(*spent)] for way, spent in runs.items()}
        ratios.append(medians["charges"][0] / medians["summary"][0])
        print(f"| {query} | {cell(*medians['charges'])} | {cell(*medians['summary'])} | {ratios[-1]:.0f} |", flush=True)
    print(f"\n{statistics.geometric_mean(ratios):.0f} times faster from the summary (geometric mean of {len(ratios)} queries)")


main()
