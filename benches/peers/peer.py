"""One engine answers one query over the files of the sample company, as a process of its own.

    python peer.py ENGINE FOLDER QUERY.sql

FOLDER holds the files that count: aws, azure, anthropic, gateway, outcomes, each a folder of Parquet. Each engine gets two
views over them, and the SQL is the same for all:

    charges  started_at (TIMESTAMP, UTC), day, week, month (DATE), cost (DECIMAL(38,18)), provider, service, person, team
    work     outcome_id, occurred_at (TIMESTAMP, UTC), month (DATE), team

The views say, in the words of the engine, what the ledger of Outlay says of the same files: amounts become decimals, times
UTC, and the team is a key of a MAP (aws) or of JSON text (the rest). The answer goes to standard output, a JSON list a row.
`python peer.py ENGINE` alone prints the version.
"""

import importlib
import importlib.metadata
import json
import os
import sys

THREADS = 2
SOURCES = ("aws", "azure", "anthropic", "gateway")
HAS_PERSONS = ("anthropic", "gateway")


def provider(source):
    # The older files of this source have no ServiceProviderName; the issuer of the invoice is the same in all of them.
    return "InvoiceIssuerName" if source == "anthropic" else "ProviderName"


def union(selects):
    return " UNION ALL ".join(selects)


def periods(select, units, trunc):
    """`select` with a column of dates for each unit, `trunc` of its first column."""
    columns = ", ".join(f"{trunc.format(unit=unit)} AS {unit}" for unit in units)
    return f"SELECT *, {columns} FROM ({select}) AS bare"


def create_views(run, charges, work, trunc):
    """Makes the views by `run`: `charges` of each source, `work`, and their periods by `trunc` with a unit and a column to fill in."""
    started, occurred = (trunc.replace("{time}", time) for time in ("started_at", "occurred_at"))
    run(f"CREATE VIEW charges AS {periods(union(map(charges, SOURCES)), ('day', 'week', 'month'), started)}")
    run(f"CREATE VIEW work AS {periods(work, ('month',), occurred)}")


def duckdb(folder, sql):
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    # A cast to TIMESTAMP keeps the instant, because the session is in UTC.
    connection.execute("SET TimeZone = 'UTC'")

    def charges(source):
        team = "Tags['team']" if source == "aws" else "Tags ->> 'team'"
        person = "PrincipalId" if source in HAS_PERSONS else "NULL::VARCHAR"
        return (
            f"SELECT ChargePeriodStart::TIMESTAMP AS started_at, EffectiveCost::DECIMAL(38,18) AS cost, "
            f"{provider(source)} AS provider, ServiceName AS service, {person} AS person, {team} AS team "
            f"FROM read_parquet('{folder}/{source}/*.parquet', union_by_name = true)"
        )

    work = f"SELECT outcome_id, occurred_at::TIMESTAMP AS occurred_at, team FROM '{folder}/outcomes/*.parquet'"
    create_views(connection.execute, charges, work, "date_trunc('{unit}', {time})::DATE")
    return connection.execute(sql).fetchall()


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
    create_views(session.query, charges, work, "toDate(dateTrunc('{unit}', {time}))")
    answer = session.query(sql, "JSONCompactEachRow")
    return [json.loads(line, parse_float=str) for line in str(answer).splitlines()]


def datafusion(folder, sql):
    import datafusion as df

    context = df.SessionContext(df.SessionConfig().with_target_partitions(THREADS))
    for source in (*SOURCES, "outcomes"):
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
    create_views(context.sql, charges, work, "CAST(date_trunc('{unit}', {time}) AS DATE)")
    columns = [column.to_pylist() for column in context.sql(sql).to_arrow_table().columns]
    return zip(*columns)


ENGINES = {"duckdb": duckdb, "polars": polars, "chdb": chdb, "datafusion": datafusion}


def main():
    engine, *rest = sys.argv[1:]
    if not rest:
        importlib.import_module(engine)
        print(importlib.metadata.version(engine))
        return
    folder, query = rest
    with open(query) as text:
        sql = text.read()
    for row in ENGINES[engine](folder, sql):
        print(json.dumps(list(row), default=str))


main()
