"""What statements cost on an object store, in Outlay and its peers: `python object_storage.py --help`; README.md says more."""

import http.client
import importlib.util
import logging
import multiprocessing
import os
import shutil
import sys
from collections import Counter

import compare
from files import chunks, footer_bytes
from proxy import BYTES_PER_SECOND, LATENCY, Proxy

PEERS = ("duckdb", "polars", "datafusion")
BUCKET = "bench"
KINDS = ("GET", "HEAD", "LIST")
MB = 1_000_000
# Outlay without a cache, with an empty one, and with one that has seen the statement.
CACHES = {"outlay, no cache": '[cache]\nsize = "0B"', "outlay, cold": '[cache]\npath = "kept"', "outlay, warm": None}


def serve(pipe):
    """An S3 server on a port of its choice, as long as the other end of `pipe` is open. It checks no signatures."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    pipe.send(server.get_host_and_port())
    try:
        pipe.recv()
    except EOFError:
        server.stop()


def started():
    """A server that ends with this process: the end of its pipe, and its address."""
    if importlib.util.find_spec("moto") is None:
        sys.exit("moto is not installed: pip install 'moto[server]'")
    ours, theirs = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True).start()
    theirs.close()
    return ours, ours.recv()


def upload(address, folder):
    """Puts the files that count into the bucket."""
    paths = sorted(path for path in folder.glob("*/*.parquet"))
    for target, body in [("", b""), *((f"/{path.relative_to(folder)}", path.read_bytes()) for path in paths)]:
        connection = http.client.HTTPConnection(*address)
        connection.request("PUT", f"/{BUCKET}{target}", body)
        answer = connection.getresponse()
        if answer.status != 200:
            sys.exit(f"PUT {target}: {answer.status} {answer.read().decode()}")
        connection.close()
    return len(paths), sum(path.stat().st_size for path in paths)


def configure(folder, root):
    """The projects of Outlay, by engine: the warm one is the cold one."""
    folders = {}
    for index, (engine, cache) in enumerate(CACHES.items()):
        if cache:
            folders[engine] = folder / "object_storage" / str(index)
            compare.project(folders[engine], root, cache)
    return {**folders, "outlay, warm": folders["outlay, cold"]}


def run(arguments, proxy, projects, root, query, engine):
    """The answer of an engine, with seconds, requests, bytes, and requests by kind."""
    if engine == "outlay, cold":
        shutil.rmtree(projects[engine] / "kept", ignore_errors=True)
    if engine in projects:
        command = compare.outlay_command(arguments, projects[engine], query)
    else:
        command = compare.peer_command(engine, root, query)
    proxy.taken()
    try:
        output, seconds, *_ = compare.measured(command)
    finally:
        requests = proxy.taken()
    if arguments.requests:
        for request in requests:
            print(f"{query.stem}: {engine}: {' '.join(map(str, request))}", file=sys.stderr)
    kinds = Counter(request.kind for request in requests)
    others = kinds.keys() - set(KINDS)
    if others:
        raise compare.Failed(f"it asks for {', '.join(others)}")
    return output, seconds, len(requests), sum(request.bytes for request in requests), *(kinds[kind] for kind in KINDS)


def main():
    parser = compare.parser_of(__doc__, 1_000_000, 3, PEERS)
    parser.add_argument("--requests", action="store_true", help="each request on standard error")
    arguments = parser.parse_args()
    folder, queries = compare.ready(arguments)
    pipe, address = started()
    count, size = upload(address, folder)
    proxy = Proxy(address)
    os.environ.update(
        AWS_ENDPOINT_URL="http://{}:{}".format(*proxy.address), AWS_ALLOW_HTTP="true", AWS_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", NO_PROXY="127.0.0.1",
    )
    root = f"s3://{BUCKET}"
    projects = configure(folder, f"{root}/")
    found, missing = compare.engines(arguments.outlay, arguments.peers, root)
    compare.print_setting(
        f"{arguments.rows} charges, {count} objects, {size / MB:.1f} MB, {footer_bytes(folder) / MB:.1f} MB of them footers; "
        f"{LATENCY * 1000:.0f} ms a request, {BYTES_PER_SECOND / MB:.0f} MB/s; "
        f"median of {arguments.runs} alternating runs of whole processes",
        found, missing,
    )
    names = [*CACHES, *(peer for peer in found if peer != "outlay")]
    print("| query | engine | seconds | GET | HEAD | LIST | MB | of the ideal |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    answered, failures = [], []
    for query in queries:
        ideal = sum(size for *_, size in chunks(folder, query.read_text()))
        print(f"| {query.stem} | *ideal* | | | | | {ideal / MB:.2f} | 1.00 |")
        medians, wrong = compare.compare(
            names, arguments.runs, lambda engine: run(arguments, proxy, projects, root, query, engine)
        )
        answered.append(medians)
        failures += [f"{query.stem}: {engine}: {reason}" for engine, reason in wrong.items()]
        for engine in names:
            if engine not in medians:
                print(f"| {query.stem} | {engine} | none | | | | | |", flush=True)
                continue
            seconds, _, size, *kinds = medians[engine]
            counts = " | ".join(f"{count:.0f}" for count in kinds)
            print(f"| {query.stem} | {engine} | {seconds:.2f} | {counts} | {size / MB:.2f} | {size / ideal:.2f} |", flush=True)
        gets = medians.get("outlay, warm", [0] * 4)[3]
        if gets > 0:
            failures.append(f"{query.stem}: outlay, warm: {gets:.0f} GET requests")
    print()
    compare.print_means(answered, names, "duckdb", ("time", "requests", "bytes"))
    pipe.close()
    compare.print_failures(failures)


if __name__ == "__main__":
    main()
