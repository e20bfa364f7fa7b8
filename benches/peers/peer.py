"""One engine answers one query over the files of the sample company, as a process of its own.

    python peer.py ENGINE FOLDER QUERY.sql

FOLDER, on the disk or in a bucket (s3://…, see `REMOTE`), holds the files that count: aws, azure, anthropic, gateway, outcomes, each
a folder of Parquet. Each engine gets two views over them, and the SQL is the same for all:

    charges  started_at (TIMESTAMP, UTC), day, week, month (DATE), cost (DECIMAL(38,18)), provider, service, person, team
    work     outcome_id, occurred_at (TIMESTAMP, UTC), month (DATE), team

The views say, in the words of the engine, what the ledger of Outlay says of the same files: amounts become decimals, times
UTC, and the team is a key of a MAP (aws) or of JSON text (the rest). The answer goes to standard output, a JSON list a row.
`python peer.py ENGINE FOLDER` prints the version, or what is missing.
"""

import importlib
import importlib.metadata
import importlib.resources
import json
import os
import sys
import time

from files import HAS_PERSONS, SOURCES, chunks, folders, provider, views

THREADS = 2
# What a bucket is: all engines take endpoint and credentials from the environment, by their standard names.
REMOTE = "s3://"
ENVIRONMENT = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL")


def union(selects):
    return " UNION ALL ".join(selects)


def periods(select, units, trunc):
    """`select` with a column of dates for each unit, `trunc` of its first column."""
    columns = ", ".join(f"{trunc.format(unit=unit)} AS {unit}" for unit in units)
    return f"SELECT *, {columns} FROM ({select}) AS bare"


def with_views(sql, charges, work, trunc):
    """`sql` with the views it names: `charges` of each source, `work`, and their periods by `trunc` with a unit and a column to fill
    in. They are part of the statement, so that no engine looks at its files twice, or at files of no concern."""
    started, occurred = (trunc.replace("{time}", time) for time in ("started_at", "occurred_at"))
    made = {
        "charges": periods(union(map(charges, SOURCES)), ("day", "week", "month"), started),
        "work": periods(work, ("month",), occurred),
    }
    return "WITH " + ", ".join(f"{view} AS ({made[view]})" for view in sorted(views(sql))) + "\n" + sql


def httpfs():
    """Where the extension of DuckDB for buckets lies, of the version that is installed."""
    version = importlib.metadata.version("duckdb")
    try:
        path = importlib.resources.files("duckdb_extension_httpfs") / "extensions" / f"v{version}" / "httpfs.duckdb_extension"
    except ImportError:
        path = None
    if path is None or not path.is_file():
        sys.exit(f"duckdb {version} has no httpfs: it needs duckdb-extension-httpfs=={version}")
    return str(path)


def duckdb(folder, sql):
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    # A cast to TIMESTAMP keeps the instant, because the session is in UTC.
    connection.execute("SET TimeZone = 'UTC'")
    if folder.startswith(REMOTE):
        connection.load_extension(httpfs())
        # Each of its threads waits for its request: its documentation asks for up to five times the cores.
        connection.execute(f"SET threads = {5 * THREADS}")
        key, secret, region, endpoint = map(os.environ.get, ENVIRONMENT)
        connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION '{region}', "
            f"ENDPOINT '{endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)"
        )

    def charges(source):
        team = "Tags['team']" if source == "aws" else "Tags ->> 'team'"
        person = "PrincipalId" if source in HAS_PERSONS else "NULL::VARCHAR"
        return (
            f"SELECT ChargePeriodStart::TIMESTAMP AS started_at, EffectiveCost::DECIMAL(38,18) AS cost, "
            f"{provider(source)} AS provider, ServiceName AS service, {person} AS person, {team} AS team "
            f"FROM read_parquet('{folder}/{source}/*.parquet', union_by_name = true)"
        )

    work = f"SELECT outcome_id, occurred_at::TIMESTAMP AS occurred_at, team FROM '{folder}/outcomes/*.parquet'"
    return connection.execute(with_views(sql, charges, work, "date_trunc('{unit}', {time})::DATE")).fetchall()


def polars(folder, sql):
    os.environ["POLARS_MAX_THREADS"] = str(THREADS)
    import polars as pl

    def dates(time, units):
        return [pl.col(time).dt.truncate(f"1{short}").cast(pl.Date).alias(unit) for unit, short in units]

    def charges(source):
        started = pl.col("ChargePeriodStart")
        if source == "gateway":
            started = started.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
        tags = pl.col("Tags")
        team = tags.map.get("team") if source == "aws" else tags.str.json_path_match("$.team")
        scan = pl.scan_parquet(f"{folder}/{source}/*.parquet", extra_columns="ignore", missing_columns="insert")
        return scan.select(
            started.dt.replace_time_zone(None).cast(pl.Datetime("us")).alias("started_at"),
            pl.col("EffectiveCost").cast(pl.Decimal(38, 18)).alias("cost"),
            pl.col(provider(source)).alias("provider"),
            pl.col("ServiceName").alias("service"),
            (pl.col("PrincipalId") if source in HAS_PERSONS else pl.lit(None, pl.String)).alias("person"),
            team.alias("team"),
        )

    work = pl.scan_parquet(f"{folder}/outcomes/*.parquet")
    occurred = pl.col("occurred_at").dt.replace_time_zone(None)
    month = ("month", "mo")
    context = pl.SQLContext(
        charges=pl.concat([charges(source) for source in SOURCES]).with_columns(
            dates("started_at", [("day", "d"), ("week", "w"), month])
        ),
        work=work.select("outcome_id", occurred, "team").with_columns(dates("occurred_at", [month])),
    )
    return context.execute(sql).collect(engine="streaming").rows()


def chdb(folder, sql):
    import chdb.session

    session = chdb.session.Session()
    session.query(f"SET max_threads = {THREADS}, join_use_nulls = 1, session_timezone = 'UTC'")

    def charges(source):
        started = "ChargePeriodStart"
        if source == "gateway":
            started = f"parseDateTime64BestEffort({started}, 6, 'UTC')"
        team = "Tags['team']" if source == "aws" else "JSONExtractString(Tags, 'team')"
        person = "PrincipalId" if source in HAS_PERSONS else "CAST(NULL, 'Nullable(String)')"
        return (
            f"SELECT toDateTime64({started}, 6, 'UTC') AS started_at, toDecimal128(EffectiveCost, 18) AS cost, "
            f"{provider(source)} AS provider, ServiceName AS service, {person} AS person, "
            f"nullIf({team}, '') AS team FROM file('{folder}/{source}/*.parquet', Parquet)"
        )

    work = (
        f"SELECT outcome_id, toDateTime64(occurred_at, 6, 'UTC') AS occurred_at, team "
        f"FROM file('{folder}/outcomes/*.parquet', Parquet)"
    )
    answer = session.query(with_views(sql, charges, work, "toDate(dateTrunc('{unit}', {time}))"), "JSONCompactEachRow")
    return [json.loads(line, parse_float=str) for line in str(answer).splitlines()]


def datafusion(folder, sql):
    import datafusion as df

    context = df.SessionContext(df.SessionConfig().with_target_partitions(THREADS))
    if folder.startswith(REMOTE):
        key, secret, region, endpoint = map(os.environ.get, ENVIRONMENT)
        store = df.object_store.AmazonS3(
            folder.removeprefix(REMOTE).split("/")[0],
            access_key_id=key, secret_access_key=secret, region=region, endpoint=endpoint, allow_http=True,
        )
        context.register_object_store(REMOTE, store, None)
    for source in folders(sql):
        context.register_parquet(f"{source}_files", f"{folder}/{source}/")

    def charges(source):
        # The package has no function for JSON.
        team = """split_part(split_part("Tags", '"team":"', 2), '"', 1)"""
        if source == "aws":
            team = """map_extract("Tags", 'team')[1]"""
        person = '"PrincipalId"' if source in HAS_PERSONS else "CAST(NULL AS VARCHAR)"
        return (
            f"""SELECT CAST("ChargePeriodStart" AS TIMESTAMP) AS started_at, """
            f"""CAST("EffectiveCost" AS DECIMAL(38,18)) AS cost, "{provider(source)}" AS provider, """
            f""""ServiceName" AS service, {person} AS person, nullif({team}, '') AS team FROM {source}_files"""
        )

    work = "SELECT outcome_id, CAST(occurred_at AS TIMESTAMP) AS occurred_at, team FROM outcomes_files"
    answer = context.sql(with_views(sql, charges, work, "CAST(date_trunc('{unit}', {time}) AS DATE)"))
    columns = [column.to_pylist() for column in answer.to_arrow_table().columns]
    return zip(*columns)


def decode(folder, sql):
    """No answer: the seconds and CPU seconds that it takes only to decode the columns that the statement needs, file by file, the
    batches dropped. The reader is that of DataFusion, as in Outlay; the start of Python and the footers are left out."""
    from concurrent.futures import ThreadPoolExecutor

    import datafusion as df

    context = df.SessionContext(df.SessionConfig().with_target_partitions(1))
    needed = {path: columns for path, _, columns, _ in chunks(folder, sql)}
    scans = [context.read_parquet(str(path)).select(*(f'"{column}"' for column in columns)) for path, columns in needed.items()]

    def drain(scan):
        for _batch in scan.execute_stream():
            pass

    began, began_cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(drain, scans))
    return [(time.perf_counter() - began, time.process_time() - began_cpu)]


ENGINES = {"duckdb": duckdb, "polars": polars, "chdb": chdb, "datafusion": datafusion, "decode": decode}
PACKAGES = {"decode": "datafusion"}


def main():
    engine, folder, *rest = sys.argv[1:]
    if not rest:
        package = PACKAGES.get(engine, engine)
        try:
            importlib.import_module(package)
        except ImportError:
            sys.exit(f"{engine} is not installed: pip install {package}")
        if engine == "duckdb" and folder.startswith(REMOTE):
            httpfs()
        print(importlib.metadata.version(package))
        return
    with open(rest[0]) as text:
        sql = text.read()
    for row in ENGINES[engine](folder, sql):
        print(json.dumps(list(row), default=str))


main()
